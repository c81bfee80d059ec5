#!/bin/sh
# Makes the role that Grafana's queries run as: it reads every table and writes none. The image of PostgreSQL runs
# this once, when the database is made. Wants GRAFANA_DB_PASSWORD.
set -eu
: "${GRAFANA_DB_PASSWORD:?}"
# The password is read from the environment: arguments are seen by everybody on the machine.
psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password GRAFANA_DB_PASSWORD
CREATE ROLE grafana LOGIN PASSWORD :'password' CONNECTION LIMIT 20;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
GRANT pg_read_all_data TO grafana;
SQL
