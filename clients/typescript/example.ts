import createClient from "openapi-fetch";
import type { components, paths } from "./sconto.js";

const sconto = createClient<paths>({
  baseUrl: process.env.SCONTO_URL ?? "http://127.0.0.1:8000",
  headers: { Authorization: `Bearer ${process.env.SCONTO_TOKEN}` },
});

const cart: components["schemas"]["CartToPrice"] = {
  currency: "EUR",
  lines: [{ line_id: "1", product_id: 11111, quantity: 2, unit_price: "19.99" }],
  codes: ["WELCOME10"],
};

const priced = await sconto.POST("/checkout/v1/quotes", { body: cart });
if (priced.error) {
  throw new Error(priced.error.detail);
}
console.log(`The cart costs ${priced.data.total}: ${priced.data.codes[0]?.status}`);

const order_id = `T-${Date.now()}`;
const held = await sconto.POST("/checkout/v1/holds", {
  body: { ...cart, order_id, expected_total: priced.data.total, seconds: 600 },
});
console.log(`While the shopper pays, ${held.data?.total} is held`);
await sconto.DELETE("/checkout/v1/holds/{order_id}", { params: { path: { order_id } } });

const placed = await sconto.POST("/checkout/v1/orders", {
  body: { ...cart, order_id, expected_total: "1.00" },
});
if (placed.response.status === 409 && placed.error && "quote" in placed.error) {
  console.log(`It costs ${placed.error.quote?.total}, not 1.00`);
}
