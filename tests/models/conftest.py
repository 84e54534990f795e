import keras
import pytest
from small_models import MODELS, small_model


@pytest.fixture(params=MODELS)
def model(request):
    keras.utils.set_random_seed(5)
    return small_model(request.param)
