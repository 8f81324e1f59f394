-- Distributes Sconto's database by merchant. Run once, by hand, on the coordinator, as a superuser,
-- with the service stopped: psql -v ON_ERROR_STOP=1 -f citus.sql DATABASE
-- See scale.md for what this gains and what is lost. It has not been run against this release yet.

CREATE EXTENSION IF NOT EXISTS citus;

BEGIN;

-- Small, read by everybody, and named by foreign keys: a copy on each node.
SELECT create_reference_table('merchants');

-- users and sign_in_failures stay on the coordinator: their names are unique over all merchants.

-- Tables that others name by foreign keys come first; all are in one place by merchant.
SELECT create_distributed_table('products', 'merchant_id');
SELECT create_distributed_table('promotions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('promotion_products', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('codes', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('automatic_picks', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('timeline_versions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('orders', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('redemptions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('redemption_counts', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_promotions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_versions', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_applications', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('subscription_usage', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('idempotency_keys', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('history', 'merchant_id', colocate_with => 'products');
SELECT create_distributed_table('code_generations', 'merchant_id', colocate_with => 'products');

COMMIT;
