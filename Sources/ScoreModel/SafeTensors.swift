import Files
import Foundation

/// A `.safetensors` file: named float32 tensors and string metadata
/// (https://github.com/huggingface/safetensors, "Format").
///
/// Layout: header length as 8 bytes little endian, a JSON header, then the tensors' bytes. Reading takes in the header
/// alone and checks every number against the file's size; a tensor's values are read when they are asked for. So who
/// reads checks what there is before memory is spent on it.
package struct SafeTensors: Sendable {
  package struct Tensor: Sendable {
    package let shape: [Int]
    private let storage: Storage

    private enum Storage: Sendable {
      case values([Float])
      case stored(in: TensorSource, at: Int, count: Int)
    }

    /// - Parameter values: row-major.
    package init(shape: [Int], values: [Float]) {
      self.shape = shape
      storage = .values(values)
    }

    package init(_ values: [Float]) { self.init(shape: [values.count], values: values) }

    fileprivate init(shape: [Int], in source: TensorSource, at offset: Int, bytes: Int) {
      self.shape = shape
      storage = .stored(in: source, at: offset, count: bytes / 4)
    }

    package var count: Int {
      switch storage {
      case .values(let values): values.count
      case .stored(_, _, let count): count
      }
    }

    /// Row-major.
    /// - Throws: `ModelFileError.unreadable`, where the file is no longer what it was.
    package var values: [Float] {
      get throws(ModelFileError) {
        switch storage {
        case .values(let values): return values
        case .stored(let source, let offset, let count):
          // Zeros first: what throws inside `unsafeUninitializedCapacity` cannot be typed.
          var values = [Float](repeating: 0, count: count)
          let failure = values.withUnsafeMutableBytes { source.read(into: $0, at: offset) }
          if let failure { throw failure }
          return values
        }
      }
    }
  }

  package var tensors: [String: Tensor] = [:]
  package var metadata: [String: String] = [:]

  package init() {}

  /// Largest header read: far more than any model needs, and no burden on memory.
  static let largestHeader = 4 << 20

  /// - Throws: `ModelFileError.unreadable` or `.damaged`, with the path and what was wrong.
  package init(path: String) throws(ModelFileError) { try self.init(try TensorSource(path: path)) }

  /// - Parameter path: named in errors.
  package init(bytes: Data, path: String) throws(ModelFileError) {
    try self.init(TensorSource(bytes: bytes, path: path))
  }

  private init(_ source: TensorSource) throws(ModelFileError) {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: source.path, reason: reason) }
    guard source.size >= 8 else { throw damaged("\(source.size) bytes, too short for a header") }
    let length = try source.bytes(8, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(min(Self.largestHeader, source.size - 8)) else {
      throw damaged("header of \(length) bytes in a file of \(source.size)")
    }
    let start = 8 + Int(length)
    let json = try source.bytes(Int(length), at: 8)
    let header: Header
    do throws(Refusal) { header = try Header(json[...], body: source.size - start) } catch {
      throw damaged(error.reason)
    }
    metadata = header.metadata
    for place in header.places {
      tensors[place.name] = Tensor(
        shape: place.shape, in: source, at: start + place.bytes.lowerBound, bytes: place.bytes.count)
    }
  }

  private struct Entry: Encodable {
    let dtype = "F32"
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  /// The file's bytes: same content, same bytes.
  package func encoded() throws -> Data {
    var entries: [String: Entry] = [:]
    var body = Data()
    let names = tensors.keys.sorted()
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let start = body.count
      try tensor.values.withUnsafeBytes { body.append(contentsOf: $0) }
      entries[name] = Entry(shape: tensor.shape, offsets: [start, body.count])
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
    do { try destination.write(try encoded()) } catch let error as ModelFileError { throw error } catch {
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
