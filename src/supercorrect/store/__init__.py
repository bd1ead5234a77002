"""What a run keeps on disk: atomic files, the lock on a run folder, and the store of every paid answer."""

from supercorrect.store.batches import BatchEntry, BatchLog
from supercorrect.store.checking import StoreCheck, check_store
from supercorrect.store.files import (
    file_sha256,
    iterate_records,
    move_into_place,
    read_records,
    write_json_atomic,
    write_lines_atomic,
    write_records,
    write_text_atomic,
)
from supercorrect.store.indexed import IndexedRecords
from supercorrect.store.lock import RunLock
from supercorrect.store.parquet import require_pyarrow, write_parquet
from supercorrect.store.requests import RequestStore, Usage
from supercorrect.store.responses import KeptStatus, ResponseStatus, StoredResponse, request_key
from supercorrect.store.sealed import read_sealed_json, write_sealed_json
from supercorrect.store.unanswered import UnansweredLog

__all__ = [
    "BatchEntry",
    "BatchLog",
    "IndexedRecords",
    "KeptStatus",
    "RequestStore",
    "ResponseStatus",
    "RunLock",
    "StoreCheck",
    "StoredResponse",
    "UnansweredLog",
    "Usage",
    "check_store",
    "file_sha256",
    "iterate_records",
    "move_into_place",
    "read_records",
    "read_sealed_json",
    "request_key",
    "require_pyarrow",
    "write_json_atomic",
    "write_lines_atomic",
    "write_parquet",
    "write_records",
    "write_sealed_json",
    "write_text_atomic",
]
