-- What the last version before 0013 stored of a shop, taken by pg_dump: promotions that end at 23:59:59,
-- and orders in dinars, which it took for a currency without minor units.

INSERT INTO public.automatic_picks (merchant_id, product_id, starts_at, ends_at, promotion_id, percent) VALUES
	(1, 0, '2026-01-01 00:00:00+00', '2026-06-01 00:00:00+00', 1, 5000000),
	(1, 0, '2026-06-01 00:00:00+00', '2026-06-30 23:59:59.000001+00', 2, 50000000),
	(1, 0, '2026-06-30 23:59:59.000001+00', '2026-07-01 00:00:00+00', 1, 5000000),
	(1, 0, '2026-07-01 00:00:00+00', '2026-07-31 23:59:59.000001+00', 3, 10000000),
	(1, 0, '2026-07-31 23:59:59.000001+00', NULL, 1, 5000000),
	(1, 2, '2026-01-01 00:00:00+00', '2026-06-01 00:00:00+00', 4, 10000000),
	(1, 2, '2026-06-01 00:00:00+00', '2026-06-30 23:59:59.000001+00', 5, 20000000),
	(1, 2, '2026-06-30 23:59:59.000001+00', NULL, 4, 10000000);
INSERT INTO public.merchants (merchant_id, name, created_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 'test-8108-1', '2026-11-28 00:18:01.589673+00');
INSERT INTO public.promotions (merchant_id, promotion_id, type, name, name_folded, active, starts_at, ends_at, code_type, covers_all, percent, had_codes, created_at, updated_at, deleted_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'discount', 'always', 'always', true, '2026-01-01 00:00:00+00', NULL, NULL, true, 5000000, false, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL),
	(1, 2, 'discount', 'June', 'june', true, '2026-06-01 00:00:00+00', '2026-06-30 23:59:59+00', NULL, true, 50000000, false, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL),
	(1, 3, 'discount', 'July', 'july', true, '2026-07-01 00:00:00+00', '2026-07-31 23:59:59+00', NULL, true, 10000000, false, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL),
	(1, 4, 'discount', 'pots', 'pots', true, '2026-01-01 00:00:00+00', NULL, NULL, false, 10000000, false, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL),
	(1, 5, 'discount', 'June pots', 'june pots', true, '2026-06-01 00:00:00+00', '2026-06-30 23:59:59+00', NULL, false, 20000000, false, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL),
	(1, 6, 'coupon', 'codes', 'codes', true, '2026-01-01 00:00:00+00', NULL, 'one-time', true, 33000000, true, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL);
INSERT INTO public.codes (merchant_id, code_id, promotion_id, code, code_key, "position", used_by, used_at, removed_at, applied_uses, outdone_uses) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 6, 'ONCE', 'once', 1048576, 'A-1', '2026-06-15 12:00:00+00', NULL, 0, 2);
INSERT INTO public.history (merchant_id, entry_id, recorded_at, user_id, username, subject, subject_id, verb, before, after) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 1, 'created', NULL, '{"type": "discount", "name": "always", "active": true, "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": null, "code_type": null, "percent": "5", "covers": "all"}'),
	(1, 2, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 2, 'created', NULL, '{"type": "discount", "name": "June", "active": true, "starts_at": "2026-06-01T00:00:00+00:00", "ends_at": "2026-06-30T23:59:59+00:00", "code_type": null, "percent": "50", "covers": "all"}'),
	(1, 3, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 3, 'created', NULL, '{"type": "discount", "name": "July", "active": true, "starts_at": "2026-07-01T00:00:00+00:00", "ends_at": "2026-07-31T23:59:59+00:00", "code_type": null, "percent": "10", "covers": "all"}'),
	(1, 4, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 4, 'created', NULL, '{"type": "discount", "name": "pots", "active": true, "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": null, "code_type": null, "percent": "10", "covers": "listed", "products": {"count": 1, "added": [2], "added_count": 1}}'),
	(1, 5, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 5, 'created', NULL, '{"type": "discount", "name": "June pots", "active": true, "starts_at": "2026-06-01T00:00:00+00:00", "ends_at": "2026-06-30T23:59:59+00:00", "code_type": null, "percent": "20", "covers": "listed", "products": {"count": 1, "added": [2], "added_count": 1}}'),
	(1, 6, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'promotion', 6, 'created', NULL, '{"type": "coupon", "name": "codes", "active": true, "starts_at": "2026-01-01T00:00:00+00:00", "ends_at": null, "code_type": "one-time", "percent": "33", "covers": "all", "codes": {"count": 1, "added": ["ONCE"], "added_count": 1}}'),
	(1, 7, '2026-06-15 12:00:00+00', 1, 'test-8108-1', 'subscription promotion', 1, 'created', NULL, '{"code": "SUB", "name": "Thirty percent", "description": null, "active": true, "starts_at": null, "ends_at": null, "max_usage": null, "new_only": false, "type_ids": [], "rules": [{"effect": "AMOUNT_DISCOUNT", "amount": "12.5", "conditions": []}], "meta": "{}"}');
INSERT INTO public.orders (merchant_id, order_id, status, replaces, replaced_by, created_at, outcome) VALUES
	(1, 'A-1', 'not paid', NULL, NULL, '2026-06-15 12:00:00+00', '{"currency":"RSD","subtotal":549,"discount":275,"total":274,"lines":[{"line_id":"1","product_id":2,"quantity":1,"unit_price":99,"known":true,"subtotal":99,"discount":50,"total":49,"picks":[{"promotion_id":2,"group":"automatic_all","percent":50000000,"code":null,"code_id":null,"code_type":null,"reason":null},{"promotion_id":6,"group":"code","percent":33000000,"code":"ONCE","code_id":1,"code_type":"one-time","reason":"lower_discount"},{"promotion_id":5,"group":"automatic_specific","percent":20000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0},{"line_id":"2","product_id":1,"quantity":3,"unit_price":150,"known":true,"subtotal":450,"discount":225,"total":225,"picks":[{"promotion_id":2,"group":"automatic_all","percent":50000000,"code":null,"code_id":null,"code_type":null,"reason":null},{"promotion_id":6,"group":"code","percent":33000000,"code":"ONCE","code_id":1,"code_type":"one-time","reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"ONCE","status":"outdone","promotion_id":6,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}'),
	(1, 'A-2', 'not paid', NULL, NULL, '2026-06-15 12:00:00+00', '{"currency":"IQD","subtotal":1501,"discount":751,"total":750,"lines":[{"line_id":"1","product_id":4,"quantity":1,"unit_price":1501,"known":true,"subtotal":1501,"discount":751,"total":750,"picks":[{"promotion_id":2,"group":"automatic_all","percent":50000000,"code":null,"code_id":null,"code_type":null,"reason":null}],"subscription_discount":0}],"codes":[],"subscription":null}'),
	(1, 'A-3', 'not paid', NULL, NULL, '2026-06-15 12:00:00+00', '{"currency":"EUR","subtotal":1999,"discount":1000,"total":999,"lines":[{"line_id":"1","product_id":3,"quantity":1,"unit_price":1999,"known":true,"subtotal":1999,"discount":1000,"total":999,"picks":[{"promotion_id":2,"group":"automatic_all","percent":50000000,"code":null,"code_id":null,"code_type":null,"reason":null}],"subscription_discount":0}],"codes":[],"subscription":null}'),
	(1, 'A-4', 'not paid', NULL, NULL, '2026-06-15 12:00:00+00', '{"currency":"RSD","subtotal":99,"discount":63,"total":36,"lines":[{"line_id":"1","product_id":1,"quantity":1,"unit_price":99,"known":true,"subtotal":99,"discount":50,"total":36,"picks":[{"promotion_id":2,"group":"automatic_all","percent":50000000,"code":null,"code_id":null,"code_type":null,"reason":null}],"subscription_discount":13}],"codes":[],"subscription":{"subscription":{"created_at":null,"type_id":"monthly","order_number":1,"codes":[{"code":"SUB","first_order_number":1,"application_id":null}]},"considered":[{"code":"SUB","promotion_id":1,"discount":13,"rule":0,"reason":null}]}}');
INSERT INTO public.products (merchant_id, product_id, name, name_folded, price, currency, updated_at, deleted_at) VALUES
	(1, 1, 'Cup', 'cup', 150, 'RSD', '2026-06-15 12:00:00+00', NULL),
	(1, 2, 'Pot', 'pot', 99, 'RSD', '2026-06-15 12:00:00+00', NULL),
	(1, 3, 'Mug', 'mug', 1999, 'EUR', '2026-06-15 12:00:00+00', NULL),
	(1, 4, 'Tray', 'tray', 1500, 'IQD', '2026-06-15 12:00:00+00', NULL);
INSERT INTO public.promotion_products (merchant_id, promotion_id, product_id, "position", percent) VALUES
	(1, 4, 2, 1048576, NULL),
	(1, 5, 2, 1048576, NULL);
INSERT INTO public.redemption_counts (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot, uses, discount) VALUES
	(1, 5, 0, 'none', false, 'RSD', '2026-06-15', 0, 1, 0),
	(1, 6, 0, 'one-time', false, 'RSD', '2026-06-15', 0, 2, 0),
	(1, 2, 0, 'none', true, 'IQD', '2026-06-15', 0, 1, 751),
	(1, 2, 0, 'none', true, 'EUR', '2026-06-15', 0, 1, 1000),
	(1, 2, 0, 'none', true, 'RSD', '2026-06-15', 0, 3, 325);
INSERT INTO public.redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type, applied, discount) VALUES
	(1, 'A-1', 2, 2, 0, 'none', true, 50),
	(1, 'A-1', 2, 6, 1, 'one-time', false, 0),
	(1, 'A-1', 2, 5, 0, 'none', false, 0),
	(1, 'A-1', 1, 2, 0, 'none', true, 225),
	(1, 'A-1', 1, 6, 1, 'one-time', false, 0),
	(1, 'A-2', 4, 2, 0, 'none', true, 751),
	(1, 'A-3', 3, 2, 0, 'none', true, 1000),
	(1, 'A-4', 1, 2, 0, 'none', true, 50);
INSERT INTO public.subscription_promotions (merchant_id, promotion_id, version, code, code_key, name, name_folded, description, enabled, starts_at, ends_at, max_usage, new_only, type_ids, meta, usage, created_at, updated_at, archived_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 1, 'SUB', 'sub', 'Thirty percent', 'thirty percent', NULL, true, NULL, NULL, NULL, false, '{}', '{}', 0, '2026-06-15 12:00:00+00', '2026-06-15 12:00:00+00', NULL);
INSERT INTO public.subscription_versions (merchant_id, promotion_id, version, code_key, rules, created_at) VALUES
	(1, 1, 1, 'sub', '[{"effect":{"type":"AMOUNT_DISCOUNT","amount":125000,"text":"12.5"},"conditions":[]}]', '2026-06-15 12:00:00+00');
INSERT INTO public.timeline_versions (merchant_id, version) VALUES
	(1, 5231677852363407876);
INSERT INTO public.users (user_id, merchant_id, username, role, password_hash, disabled, created_at, changed_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'test-8108-1', 'admin', '!', false, '2026-11-28 00:18:01.589673+00', '2026-11-28 00:18:01.589673+00');
SELECT pg_catalog.setval('public.code_generations_generation_id_seq', 1, false);
SELECT pg_catalog.setval('public.codes_code_id_seq', 1, true);
SELECT pg_catalog.setval('public.history_entry_id_seq', 7, true);
SELECT pg_catalog.setval('public.merchants_merchant_id_seq', 1, true);
SELECT pg_catalog.setval('public.promotions_promotion_id_seq', 6, true);
SELECT pg_catalog.setval('public.sign_in_failures_failure_id_seq', 1, false);
SELECT pg_catalog.setval('public.subscription_promotions_promotion_id_seq', 1, true);
SELECT pg_catalog.setval('public.users_user_id_seq', 1, true);
