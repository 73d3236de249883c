import Testing

@testable import Images

struct FlawTests {
  @Test(
    "Every flaw changes a part of an image of any size, and leaves the most of it", arguments: Flaw.allCases)
  func parts(flaw: Flaw) {
    for (height, width, channels) in [(16, 16, 1), (64, 40, 3), (128, 128, 1)] {
      let image = Bitmap(DamageTests.image(height, width, channels: channels))
      var changed = 0
      for seed in 0..<20 {
        var random = AlterationTests.SeededGenerator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let spoiled = flaw.changed(image, other: image, random: &random)
        #expect(spoiled.shape == image.shape)
        let different = zip(spoiled.pixels, image.pixels).count { $0 != $1 }
        if different > 0 { changed += 1 }
        // The largest is a ring in 16 pixels: 2 pi 2.4 around and 3.8 wide, a quarter of the image. A corner is a thirty-second, a band 0.15.
        #expect(different <= image.pixels.count * 2 / 5, "\(flaw) \(height)x\(width): \(different)")
      }
      #expect(changed >= 18, "\(flaw) \(height)x\(width): \(changed)")
    }
  }
}
