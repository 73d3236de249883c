extension String {
  /// A cell of comma-separated values (RFC 4180), in quotes where its characters need them. By scalars: to `Character`s,
  /// CR LF is one that is neither.
  package var csvCell: String {
    guard unicodeScalars.contains(where: { ",\"\n\r".unicodeScalars.contains($0) }) else { return self }
    return "\"\(replacing("\"", with: "\"\""))\""
  }

  /// Safe inside XML and HTML; characters that XML 1.0 cannot hold become U+FFFD.
  var markupEscaped: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result += "&#\(scalar.value);"
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF:
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Control characters escaped, so that no file name can drive a terminal, and so are marks that turn the direction of
  /// the text around them (UAX 9), so that none can pass for another name.
  var printable: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.value {
      case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
