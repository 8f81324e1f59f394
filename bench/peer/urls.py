"""The addresses of the peer."""

from django.urls import path

from bench.peer.views import place_order, quote, ready

urlpatterns = [
    path("health/ready", ready),
    path("quotes", quote),
    path("orders", place_order),
]
