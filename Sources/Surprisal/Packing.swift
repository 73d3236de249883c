import Foundation

/// Values one after another as bytes, every number bit for bit; read by who wrote them, on the same kind of machine.
struct Packer {
  private(set) var bytes: [UInt8] = []

  var data: Data { Data(bytes) }

  /// A number or truth value, as it lies in memory.
  mutating func add<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  mutating func add<Value: BitwiseCopyable>(_ values: [Value]) {
    add(values.count)
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ text: String) { add(Array(text.utf8)) }

  mutating func add<Value>(_ value: Value?, _ body: (inout Packer, Value) -> Void) {
    add(value != nil)
    if let value { body(&self, value) }
  }

  mutating func add<Value: BitwiseCopyable>(_ value: Value?) { add(value) { $0.add($1) } }
  mutating func add(_ text: String?) { add(text) { $0.add($1) } }

  mutating func add<Value>(each values: [Value], _ body: (inout Packer, Value) -> Void) {
    add(values.count)
    for value in values { body(&self, value) }
  }
}

/// Takes what a `Packer` wrote, in its order.
struct Unpacker {
  /// The bytes end before what was asked for, or are none that were written so.
  struct Cut: Error {}

  private let bytes: Data
  private var at = 0

  init(_ bytes: Data) { self.bytes = bytes }

  mutating func take<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws(Cut) -> Value {
    let size = MemoryLayout<Value>.size
    guard bytes.count - at >= size else { throw Cut() }
    defer { at += size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: at, as: Value.self) }
  }

  mutating func take<Value: BitwiseCopyable>(_ type: [Value].Type = [Value].self) throws(Cut) -> [Value] {
    let count = try take(Int.self)
    let stride = MemoryLayout<Value>.stride
    guard count >= 0, count <= (bytes.count - at) / max(stride, 1) else { throw Cut() }
    defer { at += count * stride }
    let (bytes, at) = (bytes, at)
    return [Value](unsafeUninitializedCapacity: count) { buffer, filled in
      // In bounds: counted above.
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[at..<at + count * stride]))
      }
      filled = count
    }
  }

  mutating func take(_ type: String.Type = String.self) throws(Cut) -> String {
    String(decoding: try take([UInt8].self), as: UTF8.self)
  }

  mutating func take(_ type: Bool.Type = Bool.self) throws(Cut) -> Bool { try take(UInt8.self) != 0 }

  mutating func takeIfThere<Value>(
    _ body: (inout Unpacker) throws(Cut) -> Value
  ) throws(Cut) -> Value? {
    try take(Bool.self) ? try body(&self) : nil
  }

  mutating func takeIfThere<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws(Cut) -> Value? {
    try take(Bool.self) ? try take(Value.self) : nil
  }

  mutating func takeIfThere(_ type: String.Type = String.self) throws(Cut) -> String? {
    try take(Bool.self) ? try take(String.self) : nil
  }

  mutating func takeEach<Value>(_ body: (inout Unpacker) throws(Cut) -> Value) throws(Cut) -> [Value] {
    let count = try take(Int.self)
    // Whatever they are, they take bytes.
    guard count >= 0, count <= bytes.count - at else { throw Cut() }
    var values: [Value] = []
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }
}
