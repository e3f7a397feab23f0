from pymodel.wire import pageheap_pb2 as _pageheap_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StdioRequest(_message.Message):
    __slots__ = ("describe", "program")
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    PROGRAM_FIELD_NUMBER: _ClassVar[int]
    describe: _pageheap_pb2.DescribeRequest
    program: _pageheap_pb2.Program
    def __init__(self, describe: _Optional[_Union[_pageheap_pb2.DescribeRequest, _Mapping]] = ..., program: _Optional[_Union[_pageheap_pb2.Program, _Mapping]] = ...) -> None: ...

class StdioResponse(_message.Message):
    __slots__ = ("describe", "transcript", "refusal")
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    describe: _pageheap_pb2.DescribeResponse
    transcript: _pageheap_pb2.Transcript
    refusal: Refusal
    def __init__(self, describe: _Optional[_Union[_pageheap_pb2.DescribeResponse, _Mapping]] = ..., transcript: _Optional[_Union[_pageheap_pb2.Transcript, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("status", "message")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    status: str
    message: str
    def __init__(self, status: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
