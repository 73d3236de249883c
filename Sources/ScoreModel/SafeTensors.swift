import Files
import Foundation

/// A `.safetensors` file: named float32 tensors and string metadata
/// (https://github.com/huggingface/safetensors, "Format").
///
/// Layout: header length as 8 bytes little endian, a JSON header, then the tensors' bytes. Reading checks every
/// number against the bytes at hand before it is used: nothing is allocated from a length the file only claims.
package struct SafeTensors: Sendable {
  package struct Tensor: Sendable, Equatable {
    package var shape: [Int]
    /// Row-major.
    package var values: [Float]

    package init(shape: [Int], values: [Float]) {
      self.shape = shape
      self.values = values
    }

    package init(_ values: [Float]) { self.init(shape: [values.count], values: values) }
  }

  package var tensors: [String: Tensor] = [:]
  package var metadata: [String: String] = [:]

  package init() {}

  private struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// Largest header read: far more than any model needs, and no burden on memory.
  private static let largestHeader = 16 << 20

  /// - Throws: `ModelFileError.unreadable` or `.damaged`, with the path and what was wrong.
  package init(path: String) throws(ModelFileError) {
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
      throw .unreadable(path: path, reason: Self.reason(error))
    }
    try self.init(bytes: bytes, path: path)
  }

  /// - Parameter path: named in errors.
  package init(bytes: Data, path: String) throws(ModelFileError) {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    guard bytes.count >= 8 else { throw damaged("\(bytes.count) bytes, too short for a header") }
    let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.largestHeader), Int(length) <= bytes.count - 8 else {
      throw damaged("header of \(length) bytes in a file of \(bytes.count)")
    }
    let body = bytes.dropFirst(8 + Int(length))
    let header: [String: Any]
    do {
      let json = try JSONSerialization.jsonObject(with: Data(bytes.dropFirst(8).prefix(Int(length))))
      guard let object = json as? [String: Any] else { throw damaged("header is no JSON object") }
      header = object
    } catch let error as ModelFileError { throw error } catch {
      throw damaged("header is not JSON: the file is truncated or of another kind")
    }
    var claimed = 0
    for (name, value) in header {
      if name == "__metadata__" {
        guard let strings = value as? [String: String] else { throw damaged("metadata is not of strings") }
        metadata = strings
        continue
      }
      guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
        let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int],
        offsets.count == 2
      else { throw damaged("tensor \(name) is not described") }
      guard type == "F32" else { throw damaged("tensor \(name) is \(type), not F32") }
      let (start, end) = (offsets[0], offsets[1])
      guard 0 <= start, start <= end, end <= body.count else {
        throw damaged("tensor \(name) reaches past the end: the file is truncated")
      }
      guard let count = Self.count(shape), count <= body.count / 4, count * 4 == end - start else {
        throw damaged("tensor \(name): shape \(shape) does not fill \(end - start) bytes")
      }
      claimed += end - start
      guard claimed <= body.count else { throw damaged("tensors overlap") }
      let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        let first = body.startIndex + start
        _ = body.copyBytes(to: UnsafeMutableRawBufferPointer(buffer), from: first..<first + count * 4)
        filled = count
      }
      tensors[name] = Tensor(shape: shape, values: values)
    }
    guard claimed == body.count else { throw damaged("\(body.count - claimed) bytes belong to no tensor") }
  }

  /// Product of a shape, nil where negative or too large for an Int.
  private static func count(_ shape: [Int]) -> Int? {
    var product = 1
    for size in shape {
      guard size >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }

  /// The file's bytes: same content, same bytes.
  package func encoded() throws -> Data {
    var entries: [String: Entry] = [:]
    var body = Data()
    let names = tensors.keys.sorted()
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let start = body.count
      tensor.values.withUnsafeBytes { body.append(contentsOf: $0) }
      entries[name] = Entry(dtype: "F32", shape: tensor.shape, offsets: [start, body.count])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Two objects joined by hand, since their values have different types.
    var header = Data("{\"__metadata__\":".utf8)
    header += try encoder.encode(metadata)
    if !entries.isEmpty {
      header += Data(",".utf8)
      header += try encoder.encode(entries).dropFirst()
    } else {
      header += Data("}".utf8)
    }
    header += Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var length = UInt64(header.count)
    var bytes = Data()
    for _ in 0..<8 {
      bytes.append(UInt8(length & 0xFF))
      length >>= 8
    }
    return bytes + header + body
  }

  /// The old file or the new one, never a part (`OutputFile`).
  package func write(to path: String) throws(ModelFileError) {
    let destination: Destination
    do { destination = try Destination(FilePath(path)) } catch {
      throw .unwritable(path: path, reason: error.reason)
    }
    try write(to: destination)
  }

  package func write(to destination: Destination) throws(ModelFileError) {
    do { try destination.write(try encoded()) } catch {
      let reason = (error as? DestinationError)?.reason ?? Self.reason(error)
      throw .unwritable(path: destination.name, reason: reason)
    }
  }

  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError, cause.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(cause.code)))
    }
    return error.localizedDescription
  }
}
