/// Why a text is not the JSON wanted, and where.
struct JSONError: Error {
  let reason: String
  /// Bytes from the start.
  let position: Int

  var description: String { "\(reason) at byte \(position)" }
}

/// Reads JSON from front to back. The caller says what has to come next, so that nesting is as deep as the caller asks
/// and nothing is kept that the caller does not keep: O(1) memory beside one string.
struct JSONCursor {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  init(_ text: String) { self.init(Array(text.utf8)[...]) }

  private func error(_ reason: String) -> JSONError {
    JSONError(reason: reason, position: position - bytes.startIndex)
  }

  /// The next byte that is no white space, left where it is.
  private mutating func peek() -> UInt8? {
    while position < bytes.endIndex {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
      case let byte: return byte
      }
    }
    return nil
  }

  private mutating func take(_ wanted: Unicode.Scalar) throws(JSONError) {
    guard peek() == UInt8(ascii: wanted) else { throw error("no \(wanted)") }
    position += 1
  }

  // MARK: Objects and arrays

  /// Objects and arrays opened and not yet closed, for `member` and `element`: whether anything came in them.
  struct Opened { fileprivate var isEmpty = true }

  mutating func openObject() throws(JSONError) -> Opened {
    try take("{")
    return Opened()
  }

  mutating func openArray() throws(JSONError) -> Opened {
    try take("[")
    return Opened()
  }

  /// The name of the next member, whose value comes next; nil once the object is closed.
  mutating func member(of object: inout Opened) throws(JSONError) -> String? {
    guard try next(in: &object, closing: "}") else { return nil }
    let name = try string()
    try take(":")
    return name
  }

  /// Whether an element comes next; false once the array is closed.
  mutating func element(of array: inout Opened) throws(JSONError) -> Bool {
    try next(in: &array, closing: "]")
  }

  private mutating func next(
    in opened: inout Opened, closing: Unicode.Scalar
  ) throws(JSONError) -> Bool {
    if peek() == UInt8(ascii: closing) {
      position += 1
      return false
    }
    if !opened.isEmpty { try take(",") }
    opened.isEmpty = false
    // A comma before the end is none between values.
    if peek() == UInt8(ascii: closing) { throw error("nothing after a comma") }
    return true
  }

  /// That nothing is left.
  mutating func end() throws(JSONError) {
    if peek() != nil { throw error("more than one value") }
  }

  // MARK: Values

  /// A number without sign, fraction or exponent that an Int holds.
  mutating func wholeNumber() throws(JSONError) -> Int {
    let start = position
    var value = 0
    _ = peek()
    let first = position
    while position < bytes.endIndex, case let digit = bytes[position], (0x30...0x39).contains(digit) {
      let (tens, tooMany) = value.multipliedReportingOverflow(by: 10)
      let (sum, tooMuch) = tens.addingReportingOverflow(Int(digit - 0x30))
      guard !tooMany, !tooMuch else { throw error("a number too large") }
      value = sum
      position += 1
    }
    guard position > first, bytes[first] != 0x30 || position == first + 1 else {
      position = start
      throw error("no whole number")
    }
    return value
  }

  mutating func string() throws(JSONError) -> String {
    try take("\"")
    var text: [UInt8] = []
    while position < bytes.endIndex {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw error("text is not UTF-8") }
        position += 1
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text += try escaped()
      case 0..<0x20: throw error("a control character")
      default:
        text.append(byte)
        position += 1
      }
    }
    throw error("text without an end")
  }

  /// What follows a backslash, as UTF-8.
  private mutating func escaped() throws(JSONError) -> [UInt8] {
    guard position < bytes.endIndex else { throw error("text without an end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: Array("\\u".utf8)) {
        position += 2
        units.append(try codeUnit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw error("half a character") }
      return Array(text.utf8)
    default: throw error("no escape")
    }
  }

  /// Four hexadecimal digits.
  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    let digits = bytes[position...].prefix(4)
    // A sign would be one more digit to UInt16.
    guard digits.count == 4, digits.first != UInt8(ascii: "+"),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw error("no four hexadecimal digits") }
    position += 4
    return unit
  }

  // MARK: Whole texts

  /// Passes over one value of any kind.
  ///
  /// - Parameter deepest: objects and arrays inside one another that are let pass.
  /// - Throws: `JSONError` where it is nested deeper, a name comes twice in an object, or it is not JSON.
  mutating func skip(deepest: Int) throws(JSONError) {
    switch peek() {
    case UInt8(ascii: "{"):
      guard deepest > 0 else { throw error("nested too deep") }
      var object = try openObject()
      var names: Set<String> = []
      while let name = try member(of: &object) {
        guard names.insert(name).inserted else { throw error("\(name.debugDescription) twice") }
        try skip(deepest: deepest - 1)
      }
    case UInt8(ascii: "["):
      guard deepest > 0 else { throw error("nested too deep") }
      var array = try openArray()
      while try element(of: &array) { try skip(deepest: deepest - 1) }
    case UInt8(ascii: "\""): _ = try string()
    case nil: throw error("an end")
    default: try skipWord()
    }
  }

  /// A number, `true`, `false` or `null`: whether it is one is for who decodes it.
  private mutating func skipWord() throws(JSONError) {
    let start = position
    while position < bytes.endIndex, case let byte = bytes[position],
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte)
    {
      position += 1
    }
    if position == start { throw error("no value") }
  }
}
