import protobuf from 'protobufjs'

/** framesd's messages, as far as they travel in binary, for a decoder that is not ours. */
const PROTO = `
syntax = "proto3";
package pb;
enum DType { NONE = 0; INTEGER = 1; FLOAT = 2; STRING = 3; TIME = 4; BOOLEAN = 5; NULL = 6; }
message Column {
  enum Kind { SLICE = 0; LABEL = 1; }
  Kind kind = 1;
  string name = 2;
  DType dtype = 3;
  int64 size = 4;
  repeated int64 ints = 5;
  repeated double floats = 6;
  repeated string strings = 7;
  repeated int64 times = 8;
  repeated bool bools = 9;
}
message Value {
  oneof value { int64 ival = 1; double fval = 2; string sval = 3; int64 tval = 4; bool bval = 5; }
}
message NullValuesMap { map<string, bool> nullColumns = 1; }
message Frame {
  repeated Column columns = 1;
  repeated Column indices = 2;
  map<string, Value> labels = 3;
  string error = 4;
  repeated NullValuesMap null_values = 5;
}
message Session {
  string url = 1; string container = 2; string path = 3; string user = 4; string password = 5;
  string token = 6; string id = 7;
}
message InitialWriteRequest {
  Session session = 1; string backend = 2; string table = 3; Frame initial_data = 4;
  string expression = 5; bool more = 6; repeated string partition_keys = 7; string condition = 8;
  string save_mode = 9;
}
`

const root = protobuf.parse(PROTO, { keepCase: true }).root

/** The message types by name. */
export const messages = {
  Frame: root.lookupType('pb.Frame'),
  InitialWriteRequest: root.lookupType('pb.InitialWriteRequest'),
}

/** A message as plain values: 64 bit numbers are texts, enumerations are names, defaults left out. */
export function decoded(type: keyof typeof messages, bytes: Uint8Array): Record<string, unknown> {
  const options = { longs: String, enums: String }
  return messages[type].toObject(messages[type].decode(bytes), options)
}
