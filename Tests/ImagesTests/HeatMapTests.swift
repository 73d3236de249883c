import Foundation
import Testing

@testable import Images

struct HeatMapTests {
  /// Relative luminance of an sRGB colour (IEC 61966-2-1).
  private func luminance(_ colour: some Sequence<UInt8>) -> Double {
    let linear = colour.map { value -> Double in
      let share = Double(value) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return zip(linear, [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func colour(_ image: Bitmap, _ x: Int, _ y: Int) -> [UInt8] {
    Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x + 1) * 3])
  }

  @Test("Lightness rises with the value, from black to the palest, and stays at the ends beyond them")
  func ramp() {
    // Steps of 4 levels or more, which rounding to 8 bits does not turn around.
    let map = HeatMap.bitmap((0...64).map { Double($0) / 8 }, width: 65, height: 1, most: 8)
    let lightness = (0...64).map { luminance(colour(map, $0, 0)) }
    for k in 1...64 { #expect(lightness[k] > lightness[k - 1], "\(k)") }
    #expect(lightness[0] < 0.001 && lightness[64] > 0.8)
    let beyond = HeatMap.bitmap([-1, 9], width: 2, height: 1, most: 8)
    #expect(colour(beyond, 0, 0) == colour(map, 0, 0) && colour(beyond, 1, 0) == colour(map, 64, 0))
  }

  @Test("A map of nothing but zeros is black")
  func zeros() {
    let map = HeatMap.bitmap([0, 0], width: 2, height: 1, most: 0)
    #expect(colour(map, 0, 0) == HeatMap.colour(0) && colour(map, 1, 0) == HeatMap.colour(0))
  }

  @Test("The bar is palest at the top, black at the bottom, and rises between")
  func bar() {
    let bar = HeatMap.bar(height: 60, most: 1)
    let lightness = (0..<60).map { luminance(colour(bar, 0, $0)) }
    #expect(colour(bar, 0, 0) == HeatMap.colour(1) && colour(bar, 0, 59) == HeatMap.colour(0))
    for y in 1..<60 { #expect(lightness[y] < lightness[y - 1], "row \(y)") }
  }

  private static let shapes: [String: Character] = [
    "###/#.#/#.#/#.#/###": "0", ".#./##./.#./.#./###": "1", "###/..#/###/#../###": "2",
    "###/..#/###/..#/###": "3", "#.#/#.#/###/..#/..#": "4", "###/#../###/..#/###": "5",
    "###/#../###/#.#/###": "6", "###/..#/.#./.#./.#.": "7", "###/#.#/###/#.#/###": "8",
    "###/#.#/###/..#/###": "9", ".../.../.../.../.#.": ".",
  ]

  /// The numbers beside a bar, from the top, and their first rows, read by the shapes of their digits.
  private func numbers(_ bar: Bitmap) -> [(text: String, top: Int)] {
    let (left, dot) = (22, 2)
    func isWhite(_ x: Int, _ y: Int) -> Bool { x < bar.width && colour(bar, x, y) == [255, 255, 255] }
    let written = (0..<bar.height).filter { y in (left..<bar.width).contains { isWhite($0, y) } }
    let tops = written.filter { !written.contains($0 - 1) }
    return tops.map { top in
      let characters = stride(from: left, to: bar.width, by: 4 * dot).map { start -> Character? in
        let rows = (0..<5).map { row in
          String((0..<3).map { isWhite(start + $0 * dot, top + row * dot) ? "#" : "." })
        }
        let shape = rows.joined(separator: "/")
        return shape.contains("#") ? Self.shapes[shape, default: "?"] : nil
      }
      return (String(characters.compactMap { $0 }), top)
    }
  }

  @Test(
    "Five numbers stand beside their places on the bar, and can be read",
    arguments: [
      "8.0 6.0 4.0 2.0 0.0", "12.4 9.3 6.2 3.1 0.0", "99.9 74.9 50.0 25.0 0.0", "1580 1185 790 395 0",
    ])
  func marks(line: String) throws {
    let expected = line.split(separator: " ").map(String.init)
    let most = try #require(Double(expected[0]))
    let height = 252
    let found = numbers(HeatMap.bar(height: height, most: most))
    #expect(found.map(\.text) == expected)
    for (mark, number) in found.enumerated() {
      // Ten rows high, around the mark or as near as the picture's ends let it.
      let place = Double(mark) / 4 * Double(height - 1)
      #expect(abs(Double(number.top) + 5 - place) <= 5, "\(number)")
    }
  }

  @Test("Pictures side by side keep every pixel, gray ones as RGB, with black between")
  func beside() {
    let pictures = [Bitmap.ramp(5, 4, 3), Bitmap.ramp(3, 4, 1), Bitmap.ramp(2, 4, 3)]
    let whole = HeatMap.beside(pictures, gap: 2)
    #expect(whole.shape == ImageShape(height: 4, width: 5 + 2 + 3 + 2 + 2, channels: 3))
    var rows = Array(repeating: [UInt8](), count: 4)
    for (index, picture) in pictures.enumerated() {
      for y in 0..<4 {
        if index > 0 { rows[y] += Array(repeating: 0, count: 6) }
        for x in 0..<picture.width {
          rows[y] += (0..<3).map {
            picture.pixels[(y * picture.width + x) * picture.channels + $0 % picture.channels]
          }
        }
      }
    }
    #expect(whole.pixels == rows.flatMap { $0 })
  }
}
