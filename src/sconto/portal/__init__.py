"""The window: HTML pages for a merchant's people, at /portal.

How a page is made. Say it shows one order:

1. `orders.py` has a function for each thing a person can do, `async def show(visit: Visit) ->
   Response`: it reads `visit.request` or `visit.form`, calls one operation with
   `visit.context.database`, `visit.caller` and `visit.now`, and ends with `visit.render(template,
   ...)` or, after a change, with `visit.redirect(path, notice)`. It neither catches problems (the
   pages for them are in `errors.py`) nor asks who may do what. At its end stand its addresses:

       PAGES: Final = (
           read("/orders/{order_id}", show, Action.READ_ORDERS),
           write("/orders/{order_id}/note", note, Action.CHECK_OUT),
       )

   `read` answers GET, `write` answers POST and is the only way to make a form that changes
   something: it has compared the form's token before the function is called.
2. `templates/orders/one.html` extends `layout.html` and fills the blocks `title` and `content`. Its
   forms that are posted hold `{{ form_token() }}`. Addresses are written `{{ path("/orders") }}`,
   files `{{ file("charts.js") }}`; amounts, percents and times go through the filters `money`,
   `percent`, `instant`, `day` and `number`; all words through `_("...")` or `{% trans %}`. No style
   attributes and no scripts but files: the Content-Security-Policy lets none run.
3. `site.py` lists the module's PAGES, `navigation.py` what stands in the menu.
4. `tests/portal/test_orders.py` tells it as a story in Chromium with the fixtures of its conftest:
   `visitor` is a page with somebody signed in; `show` makes pictures of it and asks axe.

Where only a part of a page is to change, the page is still rendered whole: htmx takes its part by
`hx-select`.
"""
