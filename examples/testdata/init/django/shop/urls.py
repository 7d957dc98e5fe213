from django.http import JsonResponse
from django.urls import path

from shop.models import Order


def orders(request):
    return JsonResponse({"orders": Order.objects.count()})


urlpatterns = [path("orders/", orders)]
