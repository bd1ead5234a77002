"""Models behind one protocol: what a stage asks, and the engines that answer."""

from supercorrect.budget import Budget
from supercorrect.models.asking import ask_endpoint, ask_model
from supercorrect.models.openai_compatible import OpenAICompatibleModel
from supercorrect.models.protocol import ChatModel, ChatRequest, Progress
from supercorrect.models.server import ServedEndpoint

__all__ = [
    "Budget",
    "ChatModel",
    "ChatRequest",
    "OpenAICompatibleModel",
    "Progress",
    "ServedEndpoint",
    "ask_endpoint",
    "ask_model",
]
