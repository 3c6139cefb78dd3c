"""Reason phrases of statuses, for answers of our own."""

from http import HTTPStatus

REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
