"""A job's schema as data: what is wrong in it, how it is changed, and Microsoft Graph's JSON of it and back."""

from provisor.schema.fault import Fault, SchemaRefused
from provisor.schema.reading import MAXIMUM_SIZE, read_schema
from provisor.schema.validate import faults
from provisor.schema.warnings import warnings
from provisor.schema.writing import Named, schema_document

__all__ = [
    "MAXIMUM_SIZE",
    "Fault",
    "Named",
    "SchemaRefused",
    "faults",
    "read_schema",
    "schema_document",
    "warnings",
]
