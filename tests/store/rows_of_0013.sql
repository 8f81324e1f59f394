-- What the last version before 0014 stored of a shop, taken by pg_dump. `answers_of_0013.json` has
-- its answers about these rows.

INSERT INTO public.automatic_picks (merchant_id, product_id, starts_at, ends_at, promotion_id, percent) VALUES
	(1, 0, '2026-06-01 12:00:03+00', NULL, 1, 5000000),
	(1, 1, '2026-06-01 12:00:04+00', '2026-06-30 22:00:00+00', 2, 12500000);
INSERT INTO public.merchants (merchant_id, name, created_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 'Shop', '2026-06-01 12:00:00+00');
INSERT INTO public.promotions (merchant_id, promotion_id, type, name, name_folded, active, starts_at, ends_at, code_type, covers_all, percent, had_codes, created_at, updated_at, deleted_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 2, 'discount', 'Mugs', 'mugs', true, '2026-06-01 12:00:04+00', '2026-06-30 21:59:59+00', NULL, false, 12500000, false, '2026-06-01 12:00:04+00', '2026-06-01 12:00:04+00', NULL),
	(1, 3, 'coupon', 'Once', 'once', true, '2026-06-01 12:00:05+00', NULL, 'one-time', true, 20000000, true, '2026-06-01 12:00:05+00', '2026-06-01 12:00:05+00', NULL),
	(1, 4, 'coupon', 'Always', 'always', true, '2026-06-01 12:00:06+00', NULL, 'reusable', false, NULL, true, '2026-06-01 12:00:06+00', '2026-06-01 12:00:06+00', NULL),
	(1, 5, 'coupon', 'Gone', 'gone', true, '2026-06-01 12:00:07+00', NULL, NULL, true, 50000000, true, '2026-06-01 12:00:07+00', '2026-06-01 12:00:07+00', '2026-06-01 12:00:08+00'),
	(1, 1, 'discount', 'Everything else', 'everything else', true, '2026-06-01 12:00:03+00', NULL, NULL, true, 5000000, false, '2026-06-01 12:00:03+00', '2026-06-01 12:00:09+00', NULL);
INSERT INTO public.codes (merchant_id, code_id, promotion_id, code, code_key, "position", used_by, used_at, removed_at, applied_uses, outdone_uses) OVERRIDING SYSTEM VALUE VALUES
	(1, 3, 3, 'ONCE-3', 'once-3', 3145728, NULL, NULL, NULL, 0, 0),
	(1, 4, 4, 'ALWAYS', 'always', 1048576, NULL, NULL, NULL, 0, 0),
	(1, 5, 5, 'GONE', 'gone', 1048576, NULL, NULL, '2026-06-01 12:00:08+00', 0, 0),
	(1, 2, 3, 'ONCE-2', 'once-2', 2097152, 'A-4', '2026-06-01 12:00:15+00', NULL, 1, 0),
	(1, 1, 3, 'ONCE-1', 'once-1', 1048576, 'A-5', '2026-06-01 12:00:16+00', NULL, 2, 0);
INSERT INTO public.history (merchant_id, entry_id, recorded_at, user_id, username, subject, subject_id, verb, before, after) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, '2026-06-01 12:00:03+00', 1, 'shop', 'promotion', 1, 'created', NULL, '{"type": "discount", "name": "Everything", "active": true, "starts_at": "2026-06-01T12:00:03+00:00", "ends_at": null, "code_type": null, "percent": "5", "covers": "all"}'),
	(1, 2, '2026-06-01 12:00:04+00', 1, 'shop', 'promotion', 2, 'created', NULL, '{"type": "discount", "name": "Mugs", "active": true, "starts_at": "2026-06-01T12:00:04+00:00", "ends_at": "2026-06-30T21:59:59+00:00", "code_type": null, "percent": "12.5", "covers": "listed", "products": {"count": 1, "added": [1], "added_count": 1}}'),
	(1, 3, '2026-06-01 12:00:05+00', 1, 'shop', 'promotion', 3, 'created', NULL, '{"type": "coupon", "name": "Once", "active": true, "starts_at": "2026-06-01T12:00:05+00:00", "ends_at": null, "code_type": "one-time", "percent": "20", "covers": "all", "codes": {"count": 3, "added": ["ONCE-1", "ONCE-2", "ONCE-3"], "added_count": 3}}'),
	(1, 4, '2026-06-01 12:00:06+00', 1, 'shop', 'promotion', 4, 'created', NULL, '{"type": "coupon", "name": "Always", "active": true, "starts_at": "2026-06-01T12:00:06+00:00", "ends_at": null, "code_type": "reusable", "percent": null, "covers": "listed", "products": {"count": 1, "added": [{"product_id": 1, "percent": "33.333333"}], "added_count": 1}, "codes": {"count": 1, "added": ["ALWAYS"], "added_count": 1}}'),
	(1, 5, '2026-06-01 12:00:07+00', 1, 'shop', 'promotion', 5, 'created', NULL, '{"type": "coupon", "name": "Gone", "active": true, "starts_at": "2026-06-01T12:00:07+00:00", "ends_at": null, "code_type": null, "percent": "50", "covers": "all", "codes": {"count": 1, "added": ["GONE"], "added_count": 1}}'),
	(1, 6, '2026-06-01 12:00:08+00', 1, 'shop', 'promotion', 5, 'deleted', '{"type": "coupon", "name": "Gone", "active": true, "starts_at": "2026-06-01T12:00:07+00:00", "ends_at": null, "code_type": null, "percent": "50", "covers": "all", "codes": {"count": 1, "removed": ["GONE"], "removed_count": 1}}', NULL),
	(1, 7, '2026-06-01 12:00:09+00', 1, 'shop', 'promotion', 1, 'changed', '{"name": "Everything"}', '{"name": "Everything else"}'),
	(1, 8, '2026-06-01 12:00:10+00', 1, 'shop', 'subscription promotion', 1, 'created', NULL, '{"code": "TRY3", "name": "Try", "description": null, "active": true, "starts_at": null, "ends_at": null, "max_usage": 3, "new_only": false, "type_ids": [], "rules": [{"effect": "PERCENTAGE_DISCOUNT", "amount": "30", "conditions": []}], "meta": "{}"}');
INSERT INTO public.idempotency_keys (merchant_id, key, fingerprint, status, answer, created_at) VALUES
	(1, 'k1', '\x6d7f87f17ed20664d32d147e8e5a2ef2917450e5c40065129429242210fd0747', 200, '\x7b2264617461223a7b226964223a2231222c2274797065223a2250524f4d4f54494f4e222c22637265617465644174223a22323032362d30362d30315431323a30303a31305a222c22757064617465644174223a22323032362d30362d30315431323a30303a31305a222c22656e61626c6564223a747275652c226e616d65223a22547279222c22636f6465223a2254525933222c22636f6e73747261696e74223a7b226d61785573616765223a332c227573616765436f756e74223a312c22737562736372697074696f6e223a7b226e65774f6e6c79223a66616c73652c2274797065496473223a5b5d7d7d2c2272756c6573223a5b7b22656666656374223a7b2265666665637454797065223a2250455243454e544147455f444953434f554e54222c22616d6f756e74223a223330227d2c22636f6e646974696f6e73223a5b5d7d5d2c226d657461223a7b7d7d2c226d657461223a7b226170706c69636174696f6e4964223a2234366432346561342d316631372d343366352d393130662d363031393837653336623332227d7d', '2026-06-01 12:00:11+00');
INSERT INTO public.orders (merchant_id, order_id, status, replaces, replaced_by, created_at, outcome) VALUES
	(1, 'A-2', 'not paid', NULL, NULL, '2026-06-01 12:00:13+00', '{"currency":"EUR","subtotal":3998,"discount":1333,"total":2665,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":1333,"total":2665,"picks":[{"promotion_id":4,"group":"code","percent":33333333,"code":"ALWAYS","code_id":4,"code_type":"reusable","reason":null},{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"ALWAYS","status":"applied","promotion_id":4,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}'),
	(1, 'A-1', 'deleted', NULL, 'A-4', '2026-06-01 12:00:12+00', '{"currency":"EUR","subtotal":3998,"discount":800,"total":3198,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":800,"total":3198,"picks":[{"promotion_id":3,"group":"code","percent":20000000,"code":"once-1","code_id":1,"code_type":"one-time","reason":null},{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"once-1","status":"applied","promotion_id":3,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}'),
	(1, 'A-4', 'not paid', 'A-1', NULL, '2026-06-01 12:00:15+00', '{"currency":"EUR","subtotal":3998,"discount":800,"total":3198,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":800,"total":3198,"picks":[{"promotion_id":3,"group":"code","percent":20000000,"code":"ONCE-2","code_id":2,"code_type":"one-time","reason":null},{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"ONCE-2","status":"applied","promotion_id":3,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}'),
	(1, 'A-6', 'not paid', NULL, NULL, '2026-06-01 12:00:17+00', '{"currency":"EUR","subtotal":3998,"discount":1549,"total":2449,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":500,"total":2449,"picks":[{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":null},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":1049}],"codes":[],"subscription":{"subscription":{"created_at":null,"type_id":"monthly","order_number":1,"codes":[{"code":"TRY3","first_order_number":1,"application_id":null}]},"considered":[{"code":"TRY3","promotion_id":1,"discount":1049,"rule":0,"reason":null}]}}'),
	(1, 'A-7', 'not paid', NULL, NULL, '2026-06-01 12:00:18+00', '{"currency":"EUR","subtotal":3998,"discount":500,"total":3498,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":500,"total":3498,"picks":[{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":null},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"NOTHING","status":"unknown","promotion_id":null,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}'),
	(1, 'A-3', 'paid', NULL, NULL, '2026-06-01 12:00:14+00', '{"decimals":2,"currency":"RSD","subtotal":2970,"discount":149,"total":2821,"lines":[{"line_id":"1","product_id":2,"quantity":3,"unit_price":990,"known":true,"subtotal":2970,"discount":149,"total":2821,"picks":[{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":null}],"subscription_discount":0}],"codes":[],"subscription":null}'),
	(1, 'A-5', 'deleted', NULL, NULL, '2026-06-01 12:00:16+00', '{"currency":"EUR","subtotal":3998,"discount":800,"total":3198,"lines":[{"line_id":"1","product_id":1,"quantity":2,"unit_price":1999,"known":true,"subtotal":3998,"discount":800,"total":3198,"picks":[{"promotion_id":3,"group":"code","percent":20000000,"code":"ONCE-1","code_id":1,"code_type":"one-time","reason":null},{"promotion_id":2,"group":"automatic_specific","percent":12500000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"},{"promotion_id":1,"group":"automatic_all","percent":5000000,"code":null,"code_id":null,"code_type":null,"reason":"lower_discount"}],"subscription_discount":0}],"codes":[{"code":"ONCE-1","status":"applied","promotion_id":3,"starts_at":null,"ended_at":null,"used_at":null}],"subscription":null}');
INSERT INTO public.products (merchant_id, product_id, name, name_folded, price, currency, updated_at, deleted_at, exact_price) VALUES
	(1, 1, 'Mug', 'mug', 1999, 'EUR', '2026-06-01 12:00:01+00', NULL, NULL),
	(1, 2, 'Pot', 'pot', 9, 'RSD', '2026-06-01 12:00:01+00', NULL, 990),
	(1, 3, 'Gone', 'gone', 500, 'EUR', '2026-06-01 12:00:02+00', '2026-06-01 12:00:02+00', NULL);
INSERT INTO public.promotion_products (merchant_id, promotion_id, product_id, "position", percent) VALUES
	(1, 2, 1, 1048576, NULL),
	(1, 4, 1, 1048576, 33333333);
INSERT INTO public.redemption_counts (merchant_id, promotion_id, code_id, code_type, applied, currency, day, slot, uses, discount) VALUES
	(1, 4, 4, 'reusable', true, 'EUR', '2026-06-01', 0, 1, 1333),
	(1, 1, 0, 'none', true, 'RSD', '2026-06-01', 0, 1, 1.49),
	(1, 2, 0, 'none', false, 'EUR', '2026-06-01', 0, 4, 0),
	(1, 3, 0, 'one-time', true, 'EUR', '2026-06-01', 0, 3, 2400),
	(1, 1, 0, 'none', false, 'EUR', '2026-06-01', 0, 6, 0),
	(1, 2, 0, 'none', true, 'EUR', '2026-06-01', 0, 2, 1000);
INSERT INTO public.redemptions (merchant_id, order_id, product_id, promotion_id, code_id, code_type, applied, discount) VALUES
	(1, 'A-1', 1, 3, 1, 'one-time', true, 800),
	(1, 'A-1', 1, 2, 0, 'none', false, 0),
	(1, 'A-1', 1, 1, 0, 'none', false, 0),
	(1, 'A-2', 1, 4, 4, 'reusable', true, 1333),
	(1, 'A-2', 1, 2, 0, 'none', false, 0),
	(1, 'A-2', 1, 1, 0, 'none', false, 0),
	(1, 'A-3', 2, 1, 0, 'none', true, 1.49),
	(1, 'A-4', 1, 3, 2, 'one-time', true, 800),
	(1, 'A-4', 1, 2, 0, 'none', false, 0),
	(1, 'A-4', 1, 1, 0, 'none', false, 0),
	(1, 'A-5', 1, 3, 1, 'one-time', true, 800),
	(1, 'A-5', 1, 2, 0, 'none', false, 0),
	(1, 'A-5', 1, 1, 0, 'none', false, 0),
	(1, 'A-6', 1, 2, 0, 'none', true, 500),
	(1, 'A-6', 1, 1, 0, 'none', false, 0),
	(1, 'A-7', 1, 2, 0, 'none', true, 500),
	(1, 'A-7', 1, 1, 0, 'none', false, 0);
INSERT INTO public.subscription_applications (merchant_id, application_id, promotion_id, version, code_key, subscription_type_id, subscription_created_at, applied_by, applied_at) VALUES
	(1, '46d24ea4-1f17-43f5-910f-601987e36b32', 1, 1, 'try3', 'monthly', NULL, 1, '2026-06-01 12:00:11+00');
INSERT INTO public.subscription_promotions (merchant_id, promotion_id, version, code, code_key, name, name_folded, description, enabled, starts_at, ends_at, max_usage, new_only, type_ids, meta, usage, created_at, updated_at, archived_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 1, 'TRY3', 'try3', 'Try', 'try', NULL, true, NULL, NULL, 3, false, '{}', '{}', 1, '2026-06-01 12:00:10+00', '2026-06-01 12:00:10+00', NULL);
INSERT INTO public.subscription_versions (merchant_id, promotion_id, version, code_key, rules, created_at) VALUES
	(1, 1, 1, 'try3', '[{"effect":{"type":"PERCENTAGE_DISCOUNT","amount":30000000,"text":"30"},"conditions":[]}]', '2026-06-01 12:00:10+00');
INSERT INTO public.timeline_versions (merchant_id, version, price_version) VALUES
	(1, 5305677151460147024, 5109880606543060043);
INSERT INTO public.users (user_id, merchant_id, username, role, password_hash, disabled, created_at, changed_at) OVERRIDING SYSTEM VALUE VALUES
	(1, 1, 'shop', 'admin', '!', false, '2026-11-28 06:53:42.51901+00', '2026-11-28 06:53:42.51901+00');
SELECT pg_catalog.setval('public.codes_code_id_seq', 5, true);
SELECT pg_catalog.setval('public.history_entry_id_seq', 8, true);
SELECT pg_catalog.setval('public.merchants_merchant_id_seq', 1, true);
SELECT pg_catalog.setval('public.promotions_promotion_id_seq', 5, true);
SELECT pg_catalog.setval('public.subscription_promotions_promotion_id_seq', 1, true);
SELECT pg_catalog.setval('public.users_user_id_seq', 1, true);
