import Images
import Testing

struct MaskTests {
  static func mask(_ values: [UInt8], channels: Int = 1) -> Mask {
    Mask(Bitmap(width: 4, height: 1, channels: channels, pixels: values))
  }

  @Test(
    "What is brighter than half is marked, and of labels all but 0",
    arguments: [
      ([0, 127, 128, 255] as [UInt8], [false, false, true, true]),
      ([0, 1, 0, 1], [false, true, false, true]),
      ([0, 1, 2, 3], [false, true, true, true]), ([0, 0, 0, 0], [false, false, false, false]),
    ])
  func values(values: [UInt8], marked: [Bool]) {
    #expect(Self.mask(values).marked(width: 4, height: 1) == marked)
    // The same in colour.
    #expect(Self.mask(values.flatMap { [$0, $0, $0] }, channels: 3).marked(width: 4, height: 1) == marked)
  }

  @Test("At half the size a pixel is marked where half of it is, of labels too")
  func resampled() {
    for one: UInt8 in [1, 255] {
      #expect(Self.mask([0, 0, one, one]).marked(width: 2, height: 1) == [false, true])
      #expect(Self.mask([0, one, 0, 0]).marked(width: 2, height: 1) == [true, false])
    }
  }
}
