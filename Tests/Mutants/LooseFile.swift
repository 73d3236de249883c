import Foundation
import ScoreModel

/// A file of tensors taken apart, so that each part of it may lie about the others.
struct LooseFile {
  struct Entry {
    /// As they stand in the header: JSON that may be anything.
    var name: String
    var type = "\"F32\""
    var shape: String
    /// Nil for those that are true.
    var offsets: String?
    /// Where the tensor's bytes are left out of the body, its offsets still count them.
    var values: [Float]
  }

  var entries: [Entry]
  let key: String
  /// JSON within the header's JSON.
  var metadata: String

  /// - Parameter key: of the metadata that counts.
  init(_ file: SafeTensors, key: String) throws {
    self.key = key
    metadata = file.metadata[key] ?? ""
    entries = try file.tensors.sorted { $0.key < $1.key }.map { name, tensor in
      Entry(name: Self.quoted(name), shape: "\(tensor.shape)", values: try tensor.values)
    }
  }

  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\" + String(scalar)
      case _ where scalar.value < 0x20: quoted += String(format: "\\u%04x", scalar.value)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Bytes before each tensor, and of all.
  func starts() -> [Int] {
    var starts = [0]
    for entry in entries { starts.append(starts[starts.count - 1] + 4 * entry.values.count) }
    return starts
  }

  var header: String {
    let starts = starts()
    let members = entries.indices.map { index in
      let entry = entries[index]
      let offsets = entry.offsets ?? "[\(starts[index]),\(starts[index + 1])]"
      return "\(entry.name):{\"dtype\":\(entry.type),\"shape\":\(entry.shape),\"data_offsets\":\(offsets)}"
    }
    return
      "{\"__metadata__\":{\(Self.quoted(key)):\(Self.quoted(metadata))}\(members.map { "," + $0 }.joined())}"
  }

  var body: Data {
    var body = Data()
    for entry in entries { entry.values.withUnsafeBytes { body.append(contentsOf: $0) } }
    return body
  }

  static func bytes(header: Data, body: Data, length: UInt64? = nil) -> Data {
    var bytes = Data()
    withUnsafeBytes(of: (length ?? UInt64(header.count)).littleEndian) { bytes.append(contentsOf: $0) }
    return bytes + header + body
  }
}
