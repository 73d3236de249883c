extension SafeTensors {
  /// Where a tensor lies in the body.
  struct Place {
    let name: String
    let shape: [Int]
    /// Bytes from the body's start.
    let bytes: Range<Int>
  }

  /// The JSON at a file's front: where its tensors lie, and its metadata.
  ///
  /// Read strictly, as the format's authors do: float32 tensors that fill the body without a gap or an overlap, no name
  /// twice, no member that the format does not have.
  struct Header {
    private(set) var places: [Place] = []
    private(set) var metadata: [String: String] = [:]

    /// Most tensors and axes taken: far more than any model has, and no burden on memory.
    static let mostTensors = 1 << 14
    static let mostMetadata = 1 << 10
    static let mostAxes = 8

    /// - Parameter body: bytes after the header.
    init(_ json: ArraySlice<UInt8>, body: Int) throws(Refusal) {
      do {
        var cursor = JSONCursor(json)
        var names: Set<String> = []
        var object = try cursor.openObject()
        while let name = try cursor.member(of: &object) {
          guard names.insert(name).inserted else { throw Refusal("tensor \(quoted(name)) is there twice") }
          guard names.count <= Self.mostTensors else {
            throw Refusal("more than \(Self.mostTensors) tensors")
          }
          if name == "__metadata__" {
            metadata = try Self.metadata(&cursor)
          } else {
            places.append(try Self.place(name, &cursor))
          }
        }
        try cursor.end()
      } catch let refusal as Refusal {
        throw refusal
      } catch let error as JSONError {
        throw Refusal("header is not JSON (\(error.description)): the file is truncated or of another kind")
      } catch { throw Refusal("\(error)") }
      try fill(body)
    }

    private static func metadata(_ cursor: inout JSONCursor) throws -> [String: String] {
      var strings: [String: String] = [:]
      var object = try cursor.openObject()
      while let key = try cursor.member(of: &object) {
        guard strings.updateValue(try cursor.string(), forKey: key) == nil else {
          throw Refusal("metadata \(quoted(key)) is there twice")
        }
        guard strings.count <= mostMetadata else { throw Refusal("more than \(mostMetadata) metadata") }
      }
      return strings
    }

    private static func place(_ name: String, _ cursor: inout JSONCursor) throws -> Place {
      var type: String?
      var shape: [Int]?
      var offsets: [Int]?
      var object = try cursor.openObject()
      while let member = try cursor.member(of: &object) {
        switch member {
        case "dtype" where type == nil: type = try cursor.string()
        case "shape" where shape == nil: shape = try numbers(&cursor, most: mostAxes)
        case "data_offsets" where offsets == nil: offsets = try numbers(&cursor, most: 2)
        default: throw Refusal("tensor \(quoted(name)) has a member \(quoted(member)) too many")
        }
      }
      guard let type, let shape, let offsets, offsets.count == 2 else {
        throw Refusal("tensor \(quoted(name)) is not described")
      }
      guard type == "F32" else { throw Refusal("tensor \(quoted(name)) is \(quoted(type)), not F32") }
      let (start, end) = (offsets[0], offsets[1])
      guard start <= end else { throw Refusal("tensor \(quoted(name)) ends before it starts") }
      guard let bytes = SafeTensors.bytes(of: shape), bytes == end - start else {
        throw Refusal("tensor \(quoted(name)): shape \(shape) does not fill \(end - start) bytes")
      }
      return Place(name: name, shape: shape, bytes: start..<end)
    }

    private static func numbers(_ cursor: inout JSONCursor, most: Int) throws -> [Int] {
      var numbers: [Int] = []
      var array = try cursor.openArray()
      while try cursor.element(of: &array) {
        guard numbers.count < most else { throw Refusal("more than \(most) numbers in a shape or offsets") }
        numbers.append(try cursor.wholeNumber())
      }
      return numbers
    }

    /// Checks that the tensors lie one behind the other, from the body's first byte to its last.
    private func fill(_ body: Int) throws(Refusal) {
      var end = 0
      let ordered = places.sorted {
        ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
      }
      for place in ordered {
        let (name, start) = (quoted(place.name), place.bytes.lowerBound)
        guard place.bytes.upperBound <= body else {
          throw Refusal("tensor \(name) reaches past the end: the file is truncated")
        }
        guard start >= end else { throw Refusal("tensor \(name) overlaps the one before it") }
        guard start == end else { throw Refusal("\(start - end) bytes before tensor \(name) belong to none") }
        end = place.bytes.upperBound
      }
      guard end == body else { throw Refusal("\(body - end) bytes at the end belong to no tensor") }
    }
  }

  /// Bytes of a float32 tensor; nil where more than an Int holds.
  private static func bytes(of shape: [Int]) -> Int? {
    var product = 4
    for size in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard !overflow else { return nil }
      product = next
    }
    return product
  }
}

/// Why something read cannot be used, before it is known in which file.
struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A name from a file, for an error: harmless on a terminal, and no longer than a line.
func quoted(_ name: String) -> String {
  let short = name.count > 80 ? "\(name.prefix(80))..." : name
  let isPlain = !short.isEmpty && short.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  return isPlain ? short : short.debugDescription
}
