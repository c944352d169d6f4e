export * from './1763800000000-initial-schema.js';
export * from './1763900000000-events.js';
export * from './1764000000000-last-linked.js';
export * from './1764100000000-dead-deliveries.js';
export * from './1764200000000-rate-limit-windows.js';
export * from './1764300000000-session-owners.js';
export * from './1764500000000-admissions.js';
export * from './1764600000000-named-admissions.js';
