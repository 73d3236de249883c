import Foundation

/// What there is to name in an ONNX file: its outputs, and what its nodes give inside, which can be made outputs.
///
/// Of the protocol buffers of onnx.proto as much as that needs: `ModelProto.graph` is field 7, `GraphProto.node` 1 and `.output` 12,
/// `NodeProto.output` 2 and `.op_type` 4, `ValueInfoProto.name` 1.
struct ONNXGraph {
  let outputs: [String]
  /// Of nodes, in the file's order, without the outputs.
  let inner: [String]
  /// Those of `inner` that see something: no constants, shapes or the same in another order.
  let telling: [String]
  private let bytes: Data
  /// Where the graph's field begins, and where what it holds lies.
  private let field: Int
  private let body: Range<Int>

  private enum Field { static let (graph, node, output, given, kind, name) = (7, 1, 12, 2, 4, 1) }

  /// Kinds of nodes that see nothing.
  private static let mute: Set = [
    "Cast", "Constant", "ConstantOfShape", "Expand", "Gather", "Identity", "Pad", "Range", "Reshape", "Shape",
    "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
  ]

  /// - Returns: nil of what holds no graph, or is cut.
  init?(_ bytes: Data) {
    self.bytes = bytes
    let found = bytes.withUnsafeBytes {
      raw -> (Int, Range<Int>, [String], [(kind: String, given: [String])])? in
      guard let model = Self.fields(of: raw, 0..<raw.count),
        let graph = model.last(where: { $0.number == Field.graph }),
        let parts = Self.fields(of: raw, graph.body)
      else { return nil }
      func names(_ part: Range<Int>, _ number: Int) -> [String] {
        (Self.fields(of: raw, part) ?? []).filter { $0.number == number }
          .map { String(decoding: UnsafeRawBufferPointer(rebasing: raw[$0.body]), as: UTF8.self) }
      }
      let outputs = parts.filter { $0.number == Field.output }.flatMap { names($0.body, Field.name) }
      let nodes = parts.filter { $0.number == Field.node }.map {
        (kind: names($0.body, Field.kind).last ?? "", given: names($0.body, Field.given))
      }
      return (graph.start, graph.body, outputs, nodes)
    }
    guard let found else { return nil }
    (field, body, outputs) = (found.0, found.1, found.2)
    let own = Set(outputs)
    func inner(_ nodes: [(kind: String, given: [String])]) -> [String] {
      nodes.flatMap(\.given).filter { !$0.isEmpty && !own.contains($0) }
    }
    self.inner = inner(found.3)
    telling = inner(found.3.filter { !Self.mute.contains($0.kind) })
  }

  /// The same file with these of `inner` as further outputs.
  func adding(_ names: [String]) -> Data {
    var graph = bytes.subdata(in: body)
    for name in names { graph += Self.field(Field.output, Self.field(Field.name, Data(name.utf8))) }
    return bytes.prefix(field) + Self.field(Field.graph, graph) + bytes.dropFirst(body.upperBound)
  }

  // MARK: Protocol buffers

  private struct Part {
    let number: Int
    let start: Int
    /// Without key and length; empty of a number.
    let body: Range<Int>
  }

  /// Fields one after another; nil where they do not fill the range.
  private static func fields(of bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> [Part]? {
    var parts: [Part] = []
    var at = range.lowerBound
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard at < range.upperBound else { return nil }
        value |= UInt64(bytes[at] & 127) << shift
        at += 1
        if bytes[at - 1] < 128 { return value }
      }
      return nil
    }
    func skip(_ count: UInt64) -> Bool {
      guard count <= UInt64(range.upperBound - at) else { return false }
      at += Int(count)
      return true
    }
    while at < range.upperBound {
      let start = at
      guard let key = varint(), key >> 3 <= UInt64(Int32.max) else { return nil }
      var first = at
      switch key & 7 {
      case 0: guard varint() != nil else { return nil }
      case 1: guard skip(8) else { return nil }
      case 5: guard skip(4) else { return nil }
      case 2:
        guard let count = varint() else { return nil }
        first = at
        guard skip(count) else { return nil }
      default: return nil
      }
      parts.append(Part(number: Int(key >> 3), start: start, body: key & 7 == 2 ? first..<at : at..<at))
    }
    return parts
  }

  private static func field(_ number: Int, _ content: Data) -> Data {
    varint(number << 3 | 2) + varint(content.count) + content
  }

  private static func varint(_ value: Int) -> Data {
    var (rest, data) = (value, Data())
    while rest > 127 {
      data.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    data.append(UInt8(rest))
    return data
  }
}
