// What the storage tests see as their database is a pooler in transaction mode, where there is one. Specs about what a
// pooler cannot give name the server itself.
process.env.TEST_SERVER_URL = process.env.TEST_DATABASE_URL;
if (process.env.TEST_POOLER_URL) process.env.TEST_DATABASE_URL = process.env.TEST_POOLER_URL;
