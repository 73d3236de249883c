import Testing

@testable import Images

struct ImageBatchTests {
  static let shape = ImageShape(height: 2, width: 3, channels: 1)

  /// Images all of their own number.
  private func numbered(_ count: Int) -> ImageBatch {
    ImageBatch(
      shape: Self.shape,
      images: (0..<count).map { Bitmap(width: 3, height: 2, channels: 1, filledWith: UInt8($0)) })
  }

  private func numbers(_ batch: ImageBatch) -> [Int] { batch.indices.map { Int(batch[$0].pixels[0]) } }

  @Test("A batch of images is their pixels one after another, and gives each back")
  func contents() {
    let images = [Bitmap.ramp(3, 2, 3), Bitmap(width: 3, height: 2, channels: 3, filledWith: 9)]
    let batch = ImageBatch(shape: images[0].shape, images: images)
    #expect(batch.pixels == images[0].pixels + images[1].pixels)
    #expect(batch.count == 2 && !batch.isEmpty && batch.indices.map { batch[$0] } == images)
    #expect(Array(batch.pixels(of: 1)) == images[1].pixels)
    #expect(ImageBatch(shape: images[0].shape).isEmpty)
  }

  @Test("Ranges and places are taken in their order, places as often as named")
  func taken() {
    let batch = numbered(6)
    #expect(numbers(batch[2..<5]) == [2, 3, 4] && batch[3..<3].isEmpty && batch[0..<6] == batch)
    #expect(numbers(batch[[5, 0, 5, 2]]) == [5, 0, 5, 2])
    #expect(numbers(batch.prefix(2)) == [0, 1] && batch.prefix(9) == batch && batch.prefix(0).isEmpty)
  }

  @Test("Parts cover all in order, none larger than asked for, only the last smaller", arguments: 0...9)
  func parts(count: Int) throws {
    for most in 1...10 {
      let parts = numbered(count).parts(of: most)
      try #require(parts.flatMap { Array($0) } == Array(0..<count), "\(most)")
      try #require(
        parts.dropLast().allSatisfy { $0.count == most }
          && parts.allSatisfy { !$0.isEmpty && $0.count <= most })
    }
  }

  @Test("A spread is at most as many as asked for, from the first on, at equal distances", arguments: 0...20)
  func spread(count: Int) throws {
    for most in 1...22 {
      let found = numbers(numbered(count).spread(most))
      try #require(found.count <= most && found.first == (count > 0 ? 0 : nil), "\(most)")
      let steps = Set(zip(found.dropFirst(), found).map { $0 - $1 })
      try #require(steps.count <= 1, "\(found)")
      if count <= most { try #require(found == Array(0..<count), "\(most)") }
      // Another step would be past the end.
      if let last = found.last, let step = steps.first { try #require(last + step >= count, "\(found)") }
    }
  }

  @Test("Appended images come after, one or many")
  func append() {
    var batch = numbered(2)
    batch.append(Bitmap(width: 3, height: 2, channels: 1, filledWith: 7))
    batch.append(contentsOf: numbered(2))
    batch.append(contentsOf: ImageBatch(shape: Self.shape))
    #expect(numbers(batch) == [0, 1, 7, 0, 1])
  }

  @Test("Grey levels span -1 to 1 evenly")
  func scaled() {
    let batch = ImageBatch(
      shape: ImageShape(height: 1, width: 256, channels: 1), pixels: (0...255).map { UInt8($0) })
    let values = batch.scaled
    #expect(values.first == -1 && values.last == 1)
    // One step is 2/255; each value is rounded to single precision by at most half a unit in the last place of 1.
    for k in 1...255 { #expect(abs(values[k] - values[k - 1] - 2 / 255) <= 0x1p-23, "\(k)") }
  }
}
