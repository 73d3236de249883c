import Testing

@testable import Images

struct AreaResamplerTests {
  @Test("Area resampling keeps the mean, and a constant everywhere", arguments: [(3, 5), (4, 4), (20, 16)])
  func resampling(width: Int, height: Int) {
    let image = Bitmap.ramp(12, 10, 1)
    let mean = { (image: Bitmap) in image.pixels.reduce(0.0) { $0 + Double($1) } / Double(image.pixels.count)
    }
    let small = image.resampled(width: width, height: height)
    // Each pixel is rounded by at most one half.
    #expect(abs(mean(small) - mean(image)) <= 0.5)
    let flat = Bitmap(width: 12, height: 10, channels: 3, filledWith: 77).resampled(
      width: width, height: height)
    #expect(flat.pixels.allSatisfy { $0 == 77 })
  }

  @Test(
    "Every pixel is the mean of the area it covers, to the rounding",
    arguments: [(5, 3), (12, 10), (7, 29), (1, 1)],
    [1, 3])
  func areas(size: (width: Int, height: Int), channels: Int) {
    let image = Bitmap.ramp(12, 10, channels)
    let small = image.resampled(width: size.width, height: size.height)
    /// Length of a source pixel that a target pixel covers, in source pixels.
    func overlap(_ source: Int, _ target: Int, _ scale: Double) -> Double {
      max(
        0, min(Double(source + 1), Double(target + 1) * scale) - max(Double(source), Double(target) * scale))
    }
    let (across, down) = (12 / Double(size.width), 10 / Double(size.height))
    for y in 0..<size.height {
      for x in 0..<size.width {
        for c in 0..<channels {
          var mean = 0.0
          for v in 0..<10 {
            for u in 0..<12 {
              mean +=
                overlap(u, x, across) * overlap(v, y, down)
                * Double(image.pixels[(v * 12 + u) * channels + c])
            }
          }
          mean /= across * down
          let found = Double(small.pixels[(y * size.width + x) * channels + c])
          // Half of a level, and sums of at most 12 + 10 products of values up to 255 in single precision.
          #expect(abs(found - mean) <= 0.5 + 22 * 255 * 0x1p-23, "(\(x), \(y)): \(found), not \(mean)")
        }
      }
    }
  }
}
