"""Headings of spreadsheet columns: which column has codes, products or percents."""

from collections.abc import Iterable, Sequence
from typing import Final
from unicodedata import normalize

from sconto.domain.csv_rows import is_unreadable, read_again
from sconto.domain.layout import Encoding

CODE_COLUMN: Final = "coupon_code"
"""The heading of the column of codes in our exports."""


def heading_word(text: str) -> str:
    """The key that spellings of a heading share: `Coupon Code`, `COUPON_CODE`, `couponCode`."""
    folded = normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum() or sign == "%")


def filled(values: Sequence[str]) -> Sequence[str]:
    """The values without the empty ones at the end, which spreadsheets add to short rows."""
    last = len(values)
    while last and not values[last - 1].strip():
        last -= 1
    return values[:last]


def legible(values: list[str], known: frozenset[str]) -> list[str]:
    """A row in the first encoding in which a word is known, if the letters as read have none."""
    if not any(map(is_unreadable, values)):
        return values
    rows = [
        [read_again(value, encoding) for value in values]
        for encoding in (Encoding.WESTERN, Encoding.CENTRAL, Encoding.CYRILLIC)
    ]
    fitting = (row for row in rows if any(heading_word(value) in known for value in row))
    return next(fitting, values)


def find_column(headings: Iterable[str], wanted: Sequence[frozenset[str]]) -> int | None:
    """The first column with a word of the first set that occurs anywhere in the row."""
    words = [heading_word(heading) for heading in headings]
    for names in wanted:
        for column, word in enumerate(words):
            if word in names:
                return column
    return None


def _words(*lists: str) -> frozenset[str]:
    """The words of comma-separated lists, as `heading_word` keys."""
    return frozenset(heading_word(word) for words in lists for word in words.split(","))


# The portal's languages, and others in which merchants have spreadsheets of codes. Codes have Latin
# or Cyrillic letters, so a heading in any other script is refused anyway.

CODE_WORDS: Final = _words(
    "code,codes,kod,kode,kody,koder,kodovi,kods,kodas,kód,kódy,kódok,koodi,koodit",
    "código,códigos,codigo,codigos,codice,codici,код,коды,коди,кодове,кодови",
)
"""A column of codes of any kind."""

COUPON_CODE_WORDS: Final = _words(
    *(
        f"{kind} code,{kind} codes"
        for kind in ("coupon", "voucher", "promo", "promotion", "promotional", "discount", "gift")
    ),
    *(
        f"{kind}code,{kind}codes"
        for kind in ("gutschein", "rabatt", "aktions", "kortings", "actie", "kupon", "waarde")
    ),
    "gutscheinnummer,promokod,promokode,promokódy,promokód,kupongkod,kupongkode,kuponkode,kuponkod",
    "kuponkodu,kuponkód,rabattkod,rabattkode,rabatkode,kampanjkod,kampanjekode,kampagnekode",
    "indirim kodu,promosyon kodu,alennuskoodi,etukoodi,slevový kód,zľavový kód,kod rabatowy",
    "kody rabatowe,kod promocyjny,kody promocyjne,kod kuponu,kody kuponów,kod popusta,kod zniżkowy",
    "code promo,codes promo,code promotionnel,code de réduction,code réduction,code coupon",
    "código promocional,códigos promocionales,código de descuento,código de cupón,código cupón",
    "código de desconto,código do cupom,código de cupom,codigo promocional,codigo de descuento",
    "codigo de cupon,codigo cupon,codigo de desconto,codigo do cupom,code de reduction",
    "code reduction,slevovy kod,zlavovy kod,kupon kodu,kuponkoder,rabattkoder,kortingscodes",
    "codice sconto,codici sconto,codice promozionale,codice promo,codice coupon",
    "промокод,промокоды,промокоди,промо код,код купона,коды купонов,код скидки,код ваучера",
    "промо-коды,код знижки,код на купон,код за отстъпка,купон код",
)
"""A column of codes that are given to shoppers."""

COUPON_WORDS: Final = _words(
    "coupon,coupons,voucher,vouchers,promo,promos,gutschein,gutscheine,kupon,kupony,kupong",
    "kuponer,kuponger,cupon,cupones,cupom,cupons,buono,buoni,купон,купоны,купони,ваучер,ваучеры",
)
"""A column of codes if there are other columns; alone it may be a code."""

OTHER_WORDS: Final = _words("id,name,number,nummer,номер,имя,название,state,status,zustand,статус")
"""Headings of other columns."""

PRODUCT_WORDS: Final = (
    _words(
        "product id,product ids,produkt-id,produkt-ids,produktid,id produktu,id produto",
        "id producto,id de producto,id prodotto,identifiant produit,id produit,id du produit",
        "id товара,ид товара,код товара,id продукта,id товару,product number,produktnummer",
        "produktnr,catalogue id,catalog id",
    ),
    _words("id,ids,ид"),
    _words(
        "article id,item id,artikel-id,article number,item number,artikelnummer,artikelnr,art.-nr.",
        "artnr,артикул,номер товара,bestellnummer,numer produktu,n° article,referencia,référence",
    ),
    _words("sku,skus"),
    _words(
        "product,products,produkt,produkte,artikel,article,articles,item,items,produit,produits",
        "producto,productos,prodotto,prodotti,produto,produkty,товар,товары,продукт,продукты",
    ),
)
"""A column of product ids; words of an earlier set win."""

PERCENT_WORDS: Final = (
    _words(
        "percent,percents,percentage,discount percent,discount percentage,percent off,%,discount %",
        "prozent,prozentsatz,rabatt %,rabatt in %,rabatt prozent,nachlass %,nachlass in %",
        "процент,проценты,скидка %,процент скидки,pourcentage,remise %,porcentaje,descuento %",
        "percentuale,sconto %,procent,rabat %,porcentagem,desconto %,відсоток,korting %",
    ),
    _words(
        "discount,rabatt,nachlass,ermäßigung,скидка,знижка,remise,réduction,descuento,sconto",
        "rabat,desconto,korting,off",
    ),
)
"""A column of percents; words of the earlier set win."""

NAME_WORDS: Final = (
    _words("name,product name,title,produktname,artikelname,bezeichnung,artikelbezeichnung"),
    _words(
        "titel,nombre,nom,nome,naam,nazwa,název,názov,naziv,namn,navn,nimi,megnevezés,név,isim",
        "ürün,наименование,название,назва,имя,designation,désignation,denominazione",
        "descripción,descrição,descrizione,description,beschreibung,omschrijving,opis,popis",
        "наименование товара,название товара,име,nombre del producto,nom du produit",
    ),
)
"""A column of product names."""

PRICE_WORDS: Final = (
    _words(
        "price,unit price,regular price,preis,einzelpreis,verkaufspreis,vk,vk-preis,bruttopreis",
        "prix,prix unitaire,precio,precio unitario,prezzo,prezzo unitario,preço,preço unitário",
        "prijs,cena,cena brutto,cijena,ár,egységár,fiyat,pris,hinta,цена,ціна,цена за единицу",
        "стоимость,prix ttc,pvp,cena jednostkowa,precio de venta",
    ),
)
"""A column of prices."""

CURRENCY_WORDS: Final = (
    _words(
        "currency,currency code,währung,waehrung,devise,monnaie,moneda,divisa,valuta,moeda,waluta",
        "měna,mena,valuutta,pénznem,para birimi,валюта,val.,cur",
    ),
)
"""A column of currencies."""

TAG_WORDS: Final = (_words("tags,tag,schlagwörter,schlagworte,étiquettes,etiquetas,tagi,теги"),)
"""A column of tags."""
