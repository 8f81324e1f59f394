"""The subscription promotions API: promotions, and codes applied to subscriptions."""
