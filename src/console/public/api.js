// @ts-check
import { ApiClient, ApiError } from './api-client.js';

/**
 * What the page reads of the API's answers; `/docs` tells the rest.
 * @typedef {{ code: number, reason: string, at: string }} Disconnect
 * @typedef {{ state: string, numberJid: string | null, lastDisconnect: Disconnect | null, restrictedUntil: string | null }} Connection
 * @typedef {{ id: string, name: string, connection: Connection, profile: { name: string | null } }} Instance
 * @typedef {{ instances: Instance[], meta: { total: number, nextCursor: string | null } }} InstancePage
 * @typedef {{ callId: string | null, number: string, duration: number, state: string, outcome: string | null,
 *   failureCode: number | null, failureReason: string | null, requestedAt: string, acceptedAt: string | null,
 *   deliveredAt: string | null, ringingAt: string | null, endedAt: string | null, ringSeconds: number | null }} Call
 * @typedef {{ label: string, enabled: boolean, url: string | null, events: string[], disabledReason: string | null,
 *   counters: { delivered: number, dead: number, failedAttempts: number } }} Webhook
 * @typedef {{ id: string, event: string, label: string, status: string, attempts: number,
 *   responseStatus: number | null, error: string | null, nextAttemptAt: string | null, createdAt: string }} Delivery
 * @typedef {{ status: 'qr' | 'pairing' | 'connected', qrCodeBase64?: string, pairingCode?: string }} LinkOffer
 */

const RECENT_CALLS = '20';
const RECENT_DELIVERIES = '10';

/** The routes that the console uses. Every method throws `ApiError`. */
export class Api {
  /** @param {string} token */
  constructor(token) {
    this.client = new ApiClient(token);
    /** Tokens of instances make and delete nothing; those that a customer chose himself have no prefix. */
    this.ownsAccount = token.startsWith('rda_');
  }

  /** @param {string | null} cursor of the page; `null` = the first @returns {Promise<InstancePage>} */
  instances(cursor) {
    return this.#ask('GET', cursor === null ? 'instance/list' : `instance/list?cursor=${cursor}`);
  }

  /** `undefined` = it is gone. @param {string} name @returns {Promise<Instance | undefined>} */
  async instance(name) {
    const query = new URLSearchParams({ instanceName: name });
    try {
      return (await this.#ask('GET', `instance/list?${query}`)).instances[0];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** @param {string} name @returns {Promise<{ name: string, token: string }>} */
  async newInstance(name) {
    return (await this.#ask('POST', 'instance/new', { name })).instance;
  }

  /** Waits until there is a code, a minute at most. @param {string} name @param {string} [number] @returns {Promise<LinkOffer>} */
  connect(name, number) {
    return this.#ask('GET', on('instance/connect', name, number === undefined ? {} : { number }));
  }

  /** @param {string} name */
  qrPicture(name) {
    return this.client.picture(on('instance/qr', name));
  }

  /** A link to the pairing page, which needs no token. @param {string} name @returns {Promise<{ url: string, expiresAt: string }>} */
  share(name) {
    return this.#ask('POST', on('instance/share', name), {});
  }

  /** @param {string} name */
  reconnect(name) {
    return this.#ask('POST', on('instance/reconnect', name));
  }

  /** @param {string} name */
  logout(name) {
    return this.#ask('DELETE', on('instance/logout', name));
  }

  /** @param {string} name */
  delete(name) {
    return this.#ask('DELETE', on('instance/delete', name));
  }

  /** @param {string} name @param {string} number @param {number} duration seconds @returns {Promise<{ callId: string }>} */
  ring(name, number, duration) {
    return this.#ask('POST', on('call/fake', name), { number, duration });
  }

  /** @param {string} name @param {string} callId @returns {Promise<Call>} */
  async call(name, callId) {
    return (await this.#ask('GET', on('call/info', name, { callId }))).call;
  }

  /** @param {string} name @param {string} callId */
  cancel(name, callId) {
    return this.#ask('POST', on('call/cancel', name), { callId });
  }

  /** @param {string} name @returns {Promise<Call[]>} */
  async calls(name) {
    return (await this.#ask('GET', on('call/list', name, { limit: RECENT_CALLS }))).calls;
  }

  /** @param {string} name @returns {Promise<Webhook[]>} */
  async webhooks(name) {
    return (await this.#ask('GET', on('events/getWebhook', name))).webhooks;
  }

  /** @param {string} name @returns {Promise<Delivery[]>} */
  async deliveries(name) {
    return (await this.#ask('GET', on('events/deliveries', name, { limit: RECENT_DELIVERIES }))).deliveries;
  }

  /** @param {string} name @param {string} id of a delivery */
  replay(name, id) {
    return this.#ask('POST', on('events/replay', name), { id });
  }

  /**
   * The contract of the API is the type here; it is the same version of the same product that answers.
   * @param {'GET' | 'POST' | 'DELETE'} method @param {string} path @param {object} [body] @returns {Promise<any>}
   */
  #ask(method, path, body) {
    return this.client.json(method, path, body);
  }
}

/** A route on one instance. @param {string} route @param {string} name @param {Record<string, string>} [query] */
function on(route, name, query = {}) {
  const search = String(new URLSearchParams(query));
  return `${route}/${encodeURIComponent(name)}${search && `?${search}`}`;
}
