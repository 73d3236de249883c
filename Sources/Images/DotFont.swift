/// Text in dots: five rows, three columns a character as a rule, capitals alone. For numbers and captions on pictures.
package enum DotFont {
  package static let rows = 5

  /// Rows from the top, each a run of dots from the left.
  private static let glyphs: [Character: [String]] = [
    "0": ["###", "#.#", "#.#", "#.#", "###"], "1": [".#.", "##.", ".#.", ".#.", "###"],
    "2": ["###", "..#", "###", "#..", "###"], "3": ["###", "..#", "###", "..#", "###"],
    "4": ["#.#", "#.#", "###", "..#", "..#"], "5": ["###", "#..", "###", "..#", "###"],
    "6": ["###", "#..", "###", "#.#", "###"], "7": ["###", "..#", ".#.", ".#.", ".#."],
    "8": ["###", "#.#", "###", "#.#", "###"], "9": ["###", "#.#", "###", "..#", "###"],
    "A": [".#.", "#.#", "###", "#.#", "#.#"], "B": ["##.", "#.#", "##.", "#.#", "##."],
    "C": [".##", "#..", "#..", "#..", ".##"], "D": ["##.", "#.#", "#.#", "#.#", "##."],
    "E": ["###", "#..", "##.", "#..", "###"], "F": ["###", "#..", "##.", "#..", "#.."],
    "G": [".##", "#..", "#.#", "#.#", ".##"], "H": ["#.#", "#.#", "###", "#.#", "#.#"],
    "I": ["###", ".#.", ".#.", ".#.", "###"], "J": ["..#", "..#", "..#", "#.#", ".#."],
    "K": ["#.#", "#.#", "##.", "#.#", "#.#"], "L": ["#..", "#..", "#..", "#..", "###"],
    "M": ["#...#", "##.##", "#.#.#", "#...#", "#...#"], "N": ["#..#", "##.#", "#.##", "#..#", "#..#"],
    "O": [".#.", "#.#", "#.#", "#.#", ".#."], "P": ["##.", "#.#", "##.", "#..", "#.."],
    "Q": [".#.", "#.#", "#.#", "##.", ".##"], "R": ["##.", "#.#", "##.", "#.#", "#.#"],
    "S": [".##", "#..", ".#.", "..#", "##."], "T": ["###", ".#.", ".#.", ".#.", ".#."],
    "U": ["#.#", "#.#", "#.#", "#.#", "###"], "V": ["#.#", "#.#", "#.#", "#.#", ".#."],
    "W": ["#...#", "#...#", "#.#.#", "##.##", "#...#"], "X": ["#.#", "#.#", ".#.", "#.#", "#.#"],
    "Y": ["#.#", "#.#", ".#.", ".#.", ".#."], "Z": ["###", "..#", ".#.", "#..", "###"],
    ".": ["...", "...", "...", "...", ".#."], ",": ["..", "..", "..", ".#", "#."],
    ":": [".", "#", ".", "#", "."], "-": ["...", "...", "###", "...", "..."],
    "_": ["...", "...", "...", "...", "###"], "/": ["..#", "..#", ".#.", "#..", "#.."],
    "+": ["...", ".#.", "###", ".#.", "..."], "=": ["...", "###", "...", "###", "..."],
    "(": [".#", "#.", "#.", "#.", ".#"], ")": ["#.", ".#", ".#", ".#", "#."],
    "%": ["#.#", "..#", ".#.", "#..", "#.#"], "'": ["#", "#", ".", ".", "."],
    "#": [".#.#.", "#####", ".#.#.", "#####", ".#.#."], " ": ["..", "..", "..", "..", ".."],
  ]
  /// What there is no picture of.
  private static let unknown = [String](repeating: "###", count: rows)

  private static func glyph(_ character: Character) -> [String] {
    character.uppercased().first.flatMap { glyphs[$0] } ?? unknown
  }

  /// Columns that a text takes, in dots, without the gap after it.
  package static func width(of text: String) -> Int {
    max(text.reduce(0) { $0 + glyph($1)[0].utf8.count + 1 } - 1, 0)
  }

  /// Draws a text, each dot a square of `scale`, with its corner at (x, y). What is outside the picture is left out.
  /// - Parameter colour: of each channel, or one for all.
  package static func draw(
    _ text: String, on image: inout Bitmap, x left: Int, y top: Int, scale: Int, colour: [UInt8]
  ) {
    var left = left
    for character in text {
      let glyph = glyph(character)
      for (row, dots) in glyph.enumerated() {
        for (column, dot) in dots.utf8.enumerated() where dot == UInt8(ascii: "#") {
          for dy in 0..<scale {
            for dx in 0..<scale {
              image.set(left + column * scale + dx, top + row * scale + dy, to: colour)
            }
          }
        }
      }
      left += (glyph[0].utf8.count + 1) * scale
    }
  }

  /// A text in lines that are at most so many dots wide, broken at spaces; a longer word is cut.
  package static func lines(_ text: String, width most: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      var word = String(word)
      while width(of: word) > most, word.count > 1 { word.removeLast() }
      if let last = lines.last, width(of: last + " " + word) <= most {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(word)
      }
    }
    return lines
  }
}

extension Bitmap {
  /// Sets a pixel, where there is one.
  /// - Parameter colour: of each channel, or one for all.
  mutating func set(_ x: Int, _ y: Int, to colour: [UInt8]) {
    guard (0..<width).contains(x), (0..<height).contains(y) else { return }
    for c in 0..<channels { pixels[(y * width + x) * channels + c] = colour[c % colour.count] }
  }
}
