extension String {
  /// Text that GitHub's Markdown shows as it is, on one line: what could be markup is written by its number, which can be
  /// none (GFM 6.2), nothing turns the direction of the text, and no link is made of what looks like one (GFM 6.9).
  var markdownEscaped: String {
    var result = ""
    var last = ""
    for scalar in printable.unicodeScalars {
      let isPlain =
        scalar.value >= 0x80 || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        || " ,-+/=()".unicodeScalars.contains(scalar) || scalar == "." && last != "www"
      // A comment after it ends the text that addresses are looked for in.
      if isPlain {
        result.unicodeScalars.append(scalar)
      } else {
        result += "&#\(scalar.value);" + (scalar == "@" ? "<!-- -->" : "")
      }
      last = String((last + String(scalar).lowercased()).suffix(3))
    }
    // What begins a list or a heading at the start of a line.
    guard let first = result.unicodeScalars.first, "-+= 0123456789".unicodeScalars.contains(first) else {
      return result
    }
    return "&#\(first.value);" + String(result.unicodeScalars.dropFirst())
  }

  /// The same as code, in which GitHub makes no mention or smiley of a name.
  var markdownCode: String { "<code>\(markdownEscaped)</code>" }
}
