"""A client of the API for programs on other computers: typed, synchronous, standard library alone.

    with_a_node = Client("http://192.168.1.20:8765")
    for offer in with_a_node.search("oat milk", within="5km", sort="cheapest").results:
        print(offer.name, offer.price, offer.site.name)

It imports nothing else of fedretail but the error classes, so it can be copied elsewhere.
"""

from fedretail.client.client import Client
from fedretail.client.errors import ApiError, NoAnswer
from fedretail.client.records import Change, Money, Offer, Page, Product, Site, Stock

__all__ = [
    "ApiError",
    "Change",
    "Client",
    "Money",
    "NoAnswer",
    "Offer",
    "Page",
    "Product",
    "Site",
    "Stock",
]
