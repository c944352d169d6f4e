-- Run once, when the database of docker-compose.yml is made. The nodes work as a role that owns their database and nothing
-- on the server; the superuser keeps no password, so that nobody logs in as one from outside of the container.
\set password `printf %s "$POSTGRES_PASSWORD"`
CREATE ROLE ringdrop LOGIN PASSWORD :'password';
ALTER DATABASE ringdrop OWNER TO ringdrop;
ALTER ROLE postgres PASSWORD NULL;
