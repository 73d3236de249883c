/// Where the members of JSON objects lie in a text, at every depth.
struct MetadataMembers {
  struct Member {
    /// The name, without quotes.
    let name: Range<Int>
    let value: Range<Int>
    /// From the name's quote to the value's end.
    let whole: Range<Int>
  }

  let text: [UInt8]
  private(set) var all: [Member] = []

  /// - Parameter text: JSON without white space, as encoders write it.
  init(_ text: String) {
    self.text = Array(text.utf8)
    var position = 0
    while position < self.text.count {
      if self.text[position] == UInt8(ascii: "\"") {
        let end = endOfString(at: position)
        if end < self.text.count, self.text[end] == UInt8(ascii: ":") {
          let value = end + 1..<endOfValue(at: end + 1)
          all.append(
            Member(name: position + 1..<end - 1, value: value, whole: position..<value.upperBound))
        }
        position = end
      } else {
        position += 1
      }
    }
  }

  /// Past the closing quote of the string that opens at `start`.
  private func endOfString(at start: Int) -> Int {
    var position = start + 1
    while text[position] != UInt8(ascii: "\"") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return position + 1
  }

  private func endOfValue(at start: Int) -> Int {
    var depth = 0
    var position = start
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        position = endOfString(at: position)
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return position }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: return position
      default: break
      }
      position += 1
    }
    return position
  }

  func replacing(_ range: Range<Int>, with new: String) -> String {
    String(decoding: text[..<range.lowerBound] + Array(new.utf8) + text[range.upperBound...], as: UTF8.self)
  }

  subscript(range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
}
