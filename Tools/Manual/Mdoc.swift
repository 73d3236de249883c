/// Text in the language of manual pages, mdoc(7).
enum Mdoc {
  private static let width = 78

  /// Safe wherever it stands: backslashes and quotes, dashes as typed, and what would be a macro at the start of a line.
  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "\"": result += "\\(dq"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }

  /// Filled text: a line of its own for each sentence, as formatters space what ends one, none longer than they should be.
  static func filled(_ text: String) -> [String] {
    var lines: [String] = []
    for paragraph in text.replacing("\r", with: "").split(separator: "\n\n") {
      if !lines.isEmpty { lines.append(".Pp") }
      var line = ""
      for word in paragraph.split(whereSeparator: \.isWhitespace) {
        if !line.isEmpty, line.utf8.count + word.utf8.count >= width || endsSentence(line) {
          lines.append(line)
          line = ""
        }
        line += (line.isEmpty ? "" : " ") + escaped(word)
      }
      if !line.isEmpty { lines.append(line) }
    }
    return lines
  }

  private static func endsSentence(_ line: String) -> Bool {
    line.hasSuffix(".") || line.hasSuffix(".)") || line.hasSuffix("?")
  }

  /// A command as typed, on a line of its own.
  static func typed(_ command: String) -> String { ".Dl \(escaped(command))" }

  /// A date as mdoc has it, such as `November 7, 2026`, of seconds since 1970.
  static func date(_ seconds: Int) -> String {
    // Howard Hinnant's days_to_civil.
    let days = seconds / 86400 + 719_468
    let era = days / 146_097
    let ofEra = days - era * 146_097
    let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * year + year / 4 - year / 100)
    let month = (5 * ofYear + 2) / 153
    let day = ofYear - (153 * month + 2) / 5 + 1
    let names = [
      "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
      "January", "February",
    ]
    return "\(names[month]) \(day), \(year + era * 400 + (month >= 10 ? 1 : 0))"
  }
}
