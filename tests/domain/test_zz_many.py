from hypothesis import settings
from tests.domain import test_cart_steps as T
import pytest
@pytest.mark.timeout(900)
@pytest.mark.parametrize("target", ["lines", "order", "shipping"])
def test_many(target):
    f = T.test_a_step_is_what_the_model_says_whatever_the_order_of_storage
    settings(max_examples=3000, deadline=None, database=None)(f)(target=target)
