import Testing

@testable import Images

struct DamageTests {
  typealias Generator = AlterationTests.SeededGenerator

  /// Stripes that drift over a slope, and a little noise.
  static func image(_ height: Int, _ width: Int, channels: Int = 1, seed: UInt64 = 1) -> [Plane] {
    var random = Generator(state: seed)
    return (0..<channels).map { channel in
      Plane(height: height, width: width) { y, x in
        let stripes: Float = (x + y / 3 + channel + Int(seed)) % 11 < 5 ? 0.15 : -0.15
        return stripes + Float(y) / Float(height) * 0.4 - 0.2 + Float.random(in: -0.05...0.05, using: &random)
      }
    }
  }

  static func hit(_ image: [Plane], _ kinds: [Damage] = Damage.allCases, seed: UInt64) -> (
    image: [Plane], labels: Plane
  ) {
    var random = Generator(state: seed &* 0x9E37_79B9_7F4A_7C15)
    let (size, channels) = (image[0], image.count)
    return Damage.hit(image, kinds: kinds, random: &random) {
      Self.image(size.height, size.width, channels: channels, seed: $0.next() % 100)
    }
  }

  @Test(
    "Every kind changes some of an image, of any size that is taken, and keeps to the grey levels",
    arguments: Damage.allCases)
  func kinds(kind: Damage) {
    for (height, width, channels) in [(32, 32, 1), (64, 40, 3), (128, 128, 1)] {
      let image = Self.image(height, width, channels: channels)
      let other = Self.image(height, width, channels: channels, seed: 2)
      #expect(Damage.takes(ImageShape(height: height, width: width, channels: channels)))
      var changed = 0
      for seed in 0..<12 {
        var random = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let damaged = kind(image, other: other, random: &random)
        #expect(damaged.count == channels)
        #expect(damaged.allSatisfy { $0.values.allSatisfy { $0 >= -1 && $0 <= 1 } })
        if Damage.labels(damaged, of: image).values.contains(where: { $0 > 0 }) { changed += 1 }
      }
      // Few draws are too faint to be labelled, or miss the image.
      #expect(changed >= 4, "\(kind) \(height)x\(width): \(changed)")
    }
  }

  @Test(
    "Where nothing is damaged pixels stay as they were and labels are none; where more is, labels are larger")
  func labels() {
    let image = Self.image(128, 128)
    #expect(Damage.labels(image, of: image).values.allSatisfy { $0 == 0 })
    var (far, near): ([Float], [Float]) = ([], [])
    for seed in 0..<30 {
      let (damaged, labels) = Self.hit(image, [.spot, .scratch, .crack], seed: UInt64(seed))
      for place in labels.values.indices {
        let (row, column) = (place / 16 * 8, place % 16 * 8)
        let changes = (0..<64).map { i in
          let pixel = (row + i / 8) * 128 + column + i % 8
          return abs(damaged[0].values[pixel] - image[0].values[pixel])
        }
        let most = changes.max() ?? 0
        // No label without a change: what is labelled is changed by more than half of the least texture.
        if labels.values[place] > 0.05 { #expect(most > 0.006, "\(seed) \(place)") }
        if labels.values[place] == 0 { far.append(changes.reduce(0, +)) }
        if labels.values[place] > 0.5 { near.append(changes.reduce(0, +)) }
      }
    }
    #expect(far.count > 30 * 128 && near.count > 100, "\(far.count) \(near.count)")
    let (a, b) = (far.reduce(0, +) / Float(far.count), near.reduce(0, +) / Float(max(near.count, 1)))
    #expect(b > 20 * a, "\(a) \(b)")
  }

  @Test("The same seed damages alike, another otherwise; of many images as many are hit as rounds leave")
  func shares() {
    let image = Self.image(32, 48)
    #expect(Self.hit(image, seed: 5).image == Self.hit(image, seed: 5).image)
    #expect(Self.hit(image, seed: 5).image != Self.hit(image, seed: 6).image)
    let untouched = (0..<1000).count { Self.hit(image, seed: UInt64($0 + 1)).image == image }
    // 0.1 * 0.4 * 0.7 of 1000 by the binomial's five standard deviations; a spot may besides miss the image.
    #expect((2...80).contains(untouched), "\(untouched)")
  }

  @Test(
    "A blur keeps the mean, what is flat, and spreads a point by its variance",
    arguments: [0.7, 2, 3.2, 6.4] as [Float])
  func blurs(sigma: Float) {
    let flat = Plane(height: 64, width: 64) { _, _ in 0.3 }
    #expect(flat.blurred(sigma).values.allSatisfy { abs($0 - 0.3) < 1e-5 })
    let point = Plane(height: 64, width: 64) { y, x in y == 32 && x == 32 ? 1 : 0 }
    let soft = point.blurred(sigma)
    #expect(abs(soft.values.reduce(0, +) - 1) < 1e-3)
    var moments: (first: Float, second: Float) = (0, 0)
    for (i, value) in soft.values.enumerated() {
      moments.first += value * Float(i % 64)
      moments.second += value * Float(i % 64 * (i % 64))
    }
    let variance = moments.second - moments.first * moments.first
    // Cut at three deviations; a wide one by means over squares is known to a sixth.
    #expect(abs(variance.squareRoot() / sigma - 1) < 0.17, "\(variance.squareRoot())")
  }

  @Test("Planes and bitmaps are the same images")
  func planes() {
    let image = AlterationTests.image(24, 16)
    #expect(Bitmap(image.planes) == image)
    #expect(image.planes[1].mirrored.mirrored == image.planes[1])
    #expect(image.planes[0].upsideDown.mirrored == image.planes[0].turnedHalf)
    #expect(image.planes[0].rolled(rows: 3, columns: 5).rolled(rows: 13, columns: 19) == image.planes[0])
    let same = image.planes[0].sampled(scale: 1, down: 0, across: 0)
    for (a, b) in zip(same.values, image.planes[0].values) { #expect(abs(a - b) < 1e-5) }
  }
}
