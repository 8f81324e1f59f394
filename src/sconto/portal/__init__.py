"""The portal: HTML pages for a merchant's users, at /portal.

How to add a page, for example one that shows an order:

1. `orders.py` has a function for each thing a user can do, `async def show(visit: Visit) ->
   Response`. It reads `visit.request` or `visit.form`, calls one operation with
   `visit.context.database`, `visit.caller` and `visit.now`, and ends with `visit.render(template,
   ...)` or, after a change, with `visit.redirect(path, notice)`. It does not catch problems
   (`errors.py` has the pages for them) and does not check rights. The file ends with its addresses:

       PAGES: Final = (
           read("/orders/{order_id}", show, Action.READ_ORDERS),
           write("/orders/{order_id}/note", note, Action.CHECK_OUT),
       )

   `read` answers GET. `write` answers POST: every form that changes something uses it, because it
   checks the form's token before it calls the function.
2. `templates/orders/one.html` extends `layout.html` and fills the blocks `title` and `content`.
   Posted forms contain `{{ form_token() }}`. Addresses are written `{{ path("/orders") }}`, files
   `{{ file("charts.js") }}`; amounts, percents and times go through the filters `money`, `percent`,
   `instant`, `day` and `number`; all words through `_("...")` or `{% trans %}`. Styles and scripts
   must be files: the Content-Security-Policy blocks others.
3. `site.py` lists the module's PAGES, `navigation.py` lists the menu.
4. `tests/portal/test_orders.py` tests it with the fixtures of its conftest: `portal` is a client
   without a browser; `page` is a Chromium page with a signed-in user, which `show` checks with
   axe.

To update part of a page, render all of it: htmx takes its part with `hx-select`.
"""
