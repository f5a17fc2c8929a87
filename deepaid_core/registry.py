"""Names of sources, detectors and interpreters, and where each is defined.

Values are text, so that listing the names imports neither torch nor anything else heavy.
"""

from importlib import import_module
from typing import Any, Final

from deepaid_core.domain.modality import Modality
from deepaid_core.errors import InvalidParameterError

__all__ = [
    "DEFAULT_DETECTORS",
    "DEFAULT_INTERPRETERS",
    "DETECTORS",
    "INTERPRETERS",
    "SOURCES",
    "load",
]

SOURCES: Final[dict[str, str]] = {
    "capture": "deepaid_core.sources.captures:CaptureSource",
    "log": "deepaid_core.sources.logs:LogSource",
    "keys": "deepaid_core.sources.key_files:KeyFileSource",
    "table": "deepaid_core.sources.tables:TableSource",
    "series": "deepaid_core.sources.series:SeriesSource",
    "logins": "deepaid_core.sources.logins:LoginSource",
}

DETECTORS: Final[dict[str, str]] = {
    "autoencoder": "deepaid_core.detectors.autoencoder:AutoencoderDetector",
    "vae": "deepaid_core.detectors.vae:VaeDetector",
    "aae": "deepaid_core.detectors.aae:AaeDetector",
    "bigan": "deepaid_core.detectors.bigan:BiganDetector",
    "pca": "deepaid_core.detectors.pca:PcaDetector",
    "kitnet": "deepaid_core.detectors.kitnet:KitnetDetector",
    "one-class-svm": "deepaid_core.detectors.one_class_svm:OneClassSvmDetector",
    "flow": "deepaid_core.detectors.flow:FlowDetector",
    "deeplog": "deepaid_core.detectors.deeplog:DeepLogDetector",
    "lstm-forecast": "deepaid_core.detectors.lstm_forecast:LstmForecastDetector",
    "seq2seq": "deepaid_core.detectors.seq2seq:Seq2seqDetector",
    "link-predictor": "deepaid_core.detectors.link_predictor:LinkPredictorDetector",
}

INTERPRETERS: Final[dict[str, str]] = {
    "greedy": "deepaid_core.interpreters.tabular:GreedyTabularInterpreter",
    "key-substitution": "deepaid_core.interpreters.sequence:KeySubstitutionInterpreter",
    "endpoint-replacement": "deepaid_core.interpreters.link:EndpointReplacementInterpreter",
    "greedy-cells": "deepaid_core.interpreters.series:GreedyCellsInterpreter",
    "deepaid-gradient": "deepaid_core.interpreters.deepaid_gradient:DeepaidGradientInterpreter",
    "largest-error": "deepaid_core.interpreters.baselines.simple:LargestErrorInterpreter",
    "nearest-normal": "deepaid_core.interpreters.baselines.simple:NearestNormalInterpreter",
    "random": "deepaid_core.interpreters.baselines.simple:RandomInterpreter",
    "integrated-gradients": (
        "deepaid_core.interpreters.baselines.integrated_gradients:IntegratedGradientsInterpreter"
    ),
    "deeplift": "deepaid_core.interpreters.baselines.deeplift:DeepLiftInterpreter",
    "kernel-shap": "deepaid_core.interpreters.baselines.kernel_shap:KernelShapInterpreter",
    "lime": "deepaid_core.interpreters.baselines.lime:LimeInterpreter",
    "lemna": "deepaid_core.interpreters.baselines.lemna:LemnaInterpreter",
    "coin": "deepaid_core.interpreters.baselines.coin:CoinInterpreter",
    "cade": "deepaid_core.interpreters.baselines.cade:CadeInterpreter",
}

DEFAULT_DETECTORS: Final[dict[Modality, str]] = {
    Modality.TABULAR: "autoencoder",
    Modality.SEQUENCE: "deeplog",
    Modality.SERIES: "lstm-forecast",
    Modality.LINK: "link-predictor",
}
"""What is trained where nobody chose."""

DEFAULT_INTERPRETERS: Final[dict[Modality, str]] = {
    Modality.TABULAR: "greedy",
    Modality.SEQUENCE: "key-substitution",
    Modality.SERIES: "greedy-cells",
    Modality.LINK: "endpoint-replacement",
}
"""What interprets findings of each kind of data."""


def load(registry: dict[str, str], name: str) -> Any:
    """The class that a registry lists under a name.

    Raises:
        InvalidParameterError: The name is not listed.
    """
    if name not in registry:
        known = ", ".join(sorted(registry))
        raise InvalidParameterError(f"There is no '{name}'; choose one of: {known}.")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
