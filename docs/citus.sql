-- Distributes Sconto's database by merchant. Run once, by hand, on the coordinator, as a superuser,
-- with the service stopped: psql -v ON_ERROR_STOP=1 -f citus.sql DATABASE
-- Before: CREATE EXTENSION citus on every node, and on the coordinator citus_set_coordinator_host with
-- its own address and citus_add_node with each worker's. The tables that stay name merchants, so the
-- coordinator must be a node too.
-- See scale.md for what this gains and what is lost. It has not been run against this release yet; a
-- test compares the tables with the schema's.

CREATE EXTENSION IF NOT EXISTS citus;

BEGIN;

-- A trigger refuses, or looks at its own row alone, on each shard for itself. Citus wants to be told.
SET LOCAL citus.enable_unsafe_triggers = on;

-- Small, read by everybody, and named by foreign keys: a copy on each node.
SELECT create_reference_table('merchants');

-- On the coordinator stay, where signing in looks: users, known_places, sign_in_failures, ended_tokens, token_epoch, api_keys, password_links, user_identities, alembic_version.

-- Tables that others name by foreign keys come first; all are in one place by merchant.
SELECT create_distributed_table('products', 'merchant_id');
SELECT create_distributed_table('promotions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('promotion_products', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('codes', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('automatic_picks', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('timeline_versions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('orders', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('returns', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('redemptions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('redemption_counts', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('cart_promotions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('allowances', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('holds', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('held_allowances', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('orders_to_list', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('purges', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('purged_redemptions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('purged_allowances', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('past_customers', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_promotions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_versions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_applications', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_usage', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('idempotency_keys', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('history', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('code_generations', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('code_sweeps', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('backtests', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('event_outbox', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('event_streams', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('events', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('reached_limits', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('webhooks', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('deliveries', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('delivery_attempts', 'merchant_id', colocate_with => 'products');

COMMIT;
