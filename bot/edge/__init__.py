"""The edge to Teams: botbuilder 4.17.1 by its public extension points, without its faults. Imported by the rest of bot/ and app.py."""

from bot.edge.config import EdgeConfig, channel_issuer
from bot.edge.connector import Connector
from bot.edge.credentials import token_source as channel_token
from bot.edge.edge import Edge
from bot.edge.failures import ChannelFailure
from bot.edge.sdk import received

__all__ = ["ChannelFailure", "Connector", "Edge", "EdgeConfig", "channel_issuer", "channel_token", "received"]
