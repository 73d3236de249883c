import Foundation
import Images
import Testing

extension CommandTests {
  struct ExplainTests {
    @Test("Text has the parts that sum to the bits, a line a statistic and a line a noise level")
    func text() throws {
      let explained = try Command.run(
        "explain", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--evaluations", "4", "--threads",
        "1")
      #expect(explained.code == 0, "\(explained.errors)")
      let lines = explained.output.split(separator: "\n")
      let numbers = try #require(lines.first).matches(of: /-?\d+\.\d+/).compactMap { Double($0.0) }
      // Bits/dim first, its prior, integral and decoder last; each is rounded by at most half a thousandth.
      #expect(abs(numbers[0] - numbers.suffix(3).reduce(0, +)) <= 0.002_001, "\(lines[0])")
      let levels = lines.compactMap { line -> [Double]? in
        let words = line.split(separator: " ").map { Double($0) }
        return words.count == 3 && !words.contains(nil) ? words.compactMap { $0 } : nil
      }
      let sigmas = levels.map { $0[0] }
      #expect(levels.count == 4 && sigmas == sigmas.sorted(), "\(lines)")
      // The integral is the sum of the levels' shares, each rounded by at most half of 1e-4.
      #expect(abs(levels.reduce(0) { $0 + $1[1] } - numbers[numbers.count - 2]) <= 0.000_701, "\(lines)")
      let record = try #require(
        try Command.run("scan", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--evaluations", "4")
          .objects.first)
      let score = try #require(record["score"] as? Double)
      #expect(
        lines.contains { $0.hasPrefix("combined") && $0.contains(String(format: " %.3f ", score)) },
        "\(lines)")
    }

    @Test("The PNG shows the image itself, and beside it a map and a bar of the same height")
    func picture() throws {
      try withFolder { folder in
        let path = "\(folder)/map.png"
        let explained = try Command.run(
          "explain", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--evaluations", "4", "--threads",
          "1", "--output", path)
        #expect(explained.code == 0, "\(explained.errors)")
        let picture = try ImageDecoder().decode(path: path)
        let image = try ImageDecoder().decode(fixture("clothes/00.png")).converted(toChannels: 3)
        #expect(picture.height % image.height == 0 && picture.channels == 3)
        let large = image.enlarged(by: picture.height / image.height)
        try #require(picture.width > 2 * large.width)
        for y in 0..<large.height {
          let row = picture.pixels[y * picture.width * 3..<(y * picture.width + large.width) * 3]
          #expect(
            Array(row) == Array(large.pixels[y * large.width * 3..<(y + 1) * large.width * 3]), "row \(y)")
        }
      }
    }

    @Test("An image of an IDX file is explained as the same image of its own")
    func indexed() throws {
      try withFolder { folder in
        let images = try ["clothes/01.png", "clothes/00.png"].map { try ImageDecoder().decode(fixture($0)) }
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]
        let path = "\(folder)/images-ubyte"
        try Data(header + images.flatMap(\.pixels)).write(to: URL(fileURLWithPath: path))
        let one = try Command.run(
          "explain", "--model", "fashion-mnist", "\(path)#1", "--evaluations", "4", "--threads", "1")
        let other = try Command.run(
          "explain", "--model", "fashion-mnist", "fixtures/clothes/00.png", "--evaluations", "4", "--threads",
          "1")
        #expect(one.code == 0 && one.output == other.output, "\(one)")
      }
    }
  }
}
