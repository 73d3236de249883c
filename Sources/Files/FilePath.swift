/// A path as the system has it: bytes, which are UTF-8 by custom only.
///
/// `description` is for people and reports: text is itself, and every byte that is no part of UTF-8 is `\x` and two
/// hexadecimal digits, as in `Mu\xf1oz.png`. `bytes` are exact.
public struct FilePath: Hashable, Sendable {
  public let bytes: [UInt8]

  public init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  public init(_ text: String) { bytes = Array(text.utf8) }

  /// Whether the bytes are UTF-8, and `description` therefore the path itself.
  public var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

  /// The path whose `description` this is, where that holds an escaped byte; nil for any other text.
  public init?(escaped text: String) {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    var at = 0
    while at < source.count {
      if let byte = Self.escapedByte(source[at...].prefix(4)) {
        bytes.append(byte)
        at += 4
      } else {
        bytes.append(source[at])
        at += 1
      }
    }
    self.init(bytes: bytes)
    guard bytes != source, !isText else { return nil }
  }

  private static func escapedByte(_ text: ArraySlice<UInt8>) -> UInt8? {
    guard text.count == 4, text.starts(with: #"\x"#.utf8),
      let value = UInt8(String(decoding: text.suffix(2), as: UTF8.self), radix: 16), value >= 0x80
    else { return nil }
    return value
  }

  /// The path with more bytes at its end, such as an extension.
  public static func + (path: FilePath, text: String) -> FilePath { FilePath(bytes: path.bytes + text.utf8) }

  /// The path of something in this folder.
  public func appending(_ name: some Collection<UInt8>) -> FilePath {
    FilePath(bytes: bytes + (bytes.last == Self.slash || bytes.isEmpty ? [] : [Self.slash]) + name)
  }

  /// What comes after the last slash: empty where the path ends in one.
  public var name: ArraySlice<UInt8> {
    bytes.lastIndex(of: Self.slash).map { bytes[($0 + 1)...] } ?? bytes[...]
  }

  /// `name` without its extension.
  public var stem: ArraySlice<UInt8> {
    let name = name
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return name }
    return name[..<dot]
  }

  /// The folder that it lies in.
  public var folder: FilePath {
    guard let slash = bytes.lastIndex(of: Self.slash) else { return FilePath(".") }
    return FilePath(bytes: bytes[...slash])
  }

  static let slash = UInt8(ascii: "/")
}

extension FilePath: Comparable {
  /// By bytes.
  public static func < (left: FilePath, right: FilePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension FilePath: CustomStringConvertible {
  public var description: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var at = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let encoded):
        text.unicodeScalars.append(Unicode.UTF8.decode(encoded))
        at += encoded.count
      case .error(let length):
        for byte in bytes[at..<at + length] { text += #"\x"# + String(byte, radix: 16) }
        at += length
      case .emptyInput: return text
      }
    }
  }
}

extension FilePath: Codable {
  /// A string where the path is text, else its bytes as numbers.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let text = try? value.decode(String.self) {
      self.init(text)
    } else {
      self.init(bytes: try value.decode([UInt8].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if isText { try value.encode(description) } else { try value.encode(bytes) }
  }
}
