"""How well causes, tone and lost reasons are told, on texts and calls whose answer is known."""

from tsunagu.analytics.evaluation.texts.judging import evaluate_texts
from tsunagu.analytics.evaluation.texts.results import TextEvaluation, TextRow, TextTable

__all__ = ["TextEvaluation", "TextRow", "TextTable", "evaluate_texts"]
