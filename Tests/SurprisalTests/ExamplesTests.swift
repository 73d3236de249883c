import Diffusion
import Files
import Images
import Testing

@testable import Surprisal

struct ExamplesTests {
  @Test("Examples come back from a file's numbers as they were, whatever their size", arguments: [1, 3])
  func roundTrip(channels: Int) throws {
    // 35 or 105 values: no multiple of three, and one.
    let shape = ImageShape(height: 5, width: 7, channels: channels)
    let images = ImageBatch(
      shape: shape,
      images: (0..<4).map { index in
        Bitmap(shape: shape, pixels: (0..<shape.count).map { UInt8(($0 * 71 + index * 13) % 256) })
      })
    let examples = Examples(images)
    #expect(examples.values.count == 4 * Examples.numbers(shape))
    let back = try #require(Examples(examples.values, shape: shape))
    #expect(back.images.pixels == images.pixels)
    #expect(Examples(10, of: images)?.images.count == 4 && Examples(0, of: images) == nil)
  }

  @Test("Numbers that are no images are refused")
  func damaged() {
    let shape = ImageShape(height: 2, width: 3, channels: 1)
    for values: [Float] in [[], [1], [1, 2, 3], [-1, 0], [16_777_216, 0], [0.5, 0], [.nan, 0]] {
      #expect(Examples(values, shape: shape) == nil, "\(values)")
    }
  }

  @Test(
    "A model keeps some of what it was fitted to, through its file, and finds the one an image is most like")
  func nearest() throws {
    try Discs.withFolder { folder in
      var model = try Discs.model()
      let images = Discs.discs(120, seed: 77)
      try model.fit(to: images, anew: false, budget: .look, examples: 30, compute: Discs.compute)
      try model.write(to: "\(folder)/m.safetensors")
      model = try Model(path: "\(folder)/m.safetensors")
      let kept = try #require(model.examples)
      #expect(kept.images.count == 30)
      let nearest = try NearestExample(kept, of: model, compute: Discs.compute)
      let some = kept.images.indices.map { kept.images[$0] }
      #expect(try nearest(to: some) == some)
      try model.fit(to: images, anew: false, budget: .look, examples: 0, compute: Discs.compute)
      #expect(model.examples == nil)
    }
  }
}
