"""CMG, guidance by language for images that are tested without it, as a recogniser of micro-expressions.

Chen, Pan, Dai, Wang, Zhuang, Tang, Xu: "Improving Vision Anomaly Detection with the Guidance of Language Modality",
IEEE Trans. Multimedia 2024, arXiv 2310.02821. It is AIE-CMCL's flow network with other options: regions that the AU
text does not need are masked (`region_masking`), the embedding takes the structure of the texts (`text_structure`),
and no text is projected. Its paper rejects what is unlike the training clips: `mien.experiments.strangers`.
"""

from __future__ import annotations

from pydantic import Field

from mien.clips.tasks import Task
from mien.models.aie_cmcl_flow import AieCmclFlow, AieFlowOptions, FlowModule, Masking
from mien.models.registry import ModelCard, register
from mien.models.text_structure import Structure


class CmgOptions(AieFlowOptions):
    masking: Masking = Field("au", description="as in aie-cmcl-flow; none = without CMER")
    structure: Structure = Field("emotion", description="as in aie-cmcl-flow; none = without CMLE")
    weight: float = Field(
        0.0, ge=0, description="weight of AIE-CMCL's contrast with texts; 0 = none, as in CMG"
    )
    learn_temperature: bool = Field(False, description="learn the temperature of AIE-CMCL's contrast")


@register(
    ModelCard(
        name="cmg",
        title="CMG (flow image)",
        paper="Chen et al., IEEE Trans. Multimedia 2024, arXiv 2310.02821",
        summary="AU text says in training where to look and which clips lie close; video alone at test",
        confirmed="cells of an image irrelevant to its text are removed, at test by a predictor without text; the "
        "image space takes its structure from text; Mahalanobis distance as anomaly score (code, abstract)",
        assumed="all about faces: an AU table in place of CLIP, nine soft regions, Jaccard similarity of AU sets and "
        "emotion as structure, the classifier, encoder, weights, schedule",
    ),
    CmgOptions,
)
class Cmg(AieCmclFlow):
    """AIE-CMCL's flow network, masked and structured by text."""

    plan: CmgOptions

    def build(self, task: Task) -> FlowModule:
        module = super().build(task)
        module.text_projection.requires_grad_(self.uses_text())
        return module
