import ArgumentParser
import Detection
import Foundation
import Images
import Surprisal

/// Which copies are found among images of a population, as training sees them.
struct CopiesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copies", abstract: "Copies there are, and how many of those added are found, by kind.")

  @Option(parsing: .upToNextOption, help: "Images of the population.") var images: [String]
  @Option(help: "How many of them.") var limit = 1000
  @Option(help: "Side that they are resampled to.") var size = 28
  @Option(help: "1 gray, 3 RGB.") var channels = 1

  func run() throws {
    let shape = ImageShape(height: size, width: size, channels: channels)
    try copies(try Subject.read(images, shape, limit))
  }

  /// Share of copies of each kind that are put with their original, among all images.
  private func copies(_ some: ImageBatch) throws {
    let alone = CopyGroups(of: some)
    print("copies among \(some.count) images: \(alone.exact) exact and \(alone.near) near without any added")
    let kinds: [(String, (Bitmap) throws -> Bitmap)] = [
      ("JPEG quality 50", { try ImageDecoder().decode($0.jpeg(quality: 50), to: $0.shape).bitmap }),
      (
        "resized to 3/4 and back",
        { image in
          image.resampled(width: image.width * 3 / 4, height: image.height * 3 / 4)
            .resampled(width: image.width, height: image.height)
        }
      ), ("brighter by a fifth", { image in Self.mapped(image) { min($0 * 6 / 5, 255) } }),
      ("less contrast by a fifth", { image in Self.mapped(image) { 128 + ($0 - 128) * 4 / 5 } }),
      ("cropped to 95 %", { Self.cropped($0, to: 0.95) }), ("cropped to 90 %", { Self.cropped($0, to: 0.9) }),
      ("moved by a pixel", { Self.moved($0, by: 1) }), ("moved by two pixels", { Self.moved($0, by: 2) }),
    ]
    let added = min(some.count, 100)
    for (words, change) in kinds {
      var batch = some
      for index in 0..<added { batch.append(try change(some[index])) }
      let groups = CopyGroups(of: batch)
      let found = (0..<added).count { groups.first[some.count + $0] == groups.first[$0] }
      print("  \(words): \(found) of \(added) found")
    }
  }

  private static func mapped(_ image: Bitmap, _ value: (Int) -> Int) -> Bitmap {
    Bitmap(shape: image.shape, pixels: image.pixels.map { UInt8(value(Int($0))) })
  }

  private static func moved(_ image: Bitmap, by pixels: Int) -> Bitmap {
    var moved = image
    let (w, c) = (image.width, image.channels)
    for y in 0..<image.height {
      for x in 0..<w * c {
        moved.pixels[y * w * c + x] = image.pixels[y * w * c + max(x - pixels * c, x % c)]
      }
    }
    return moved
  }

  /// The middle of an image, so much of each side, at the image's size again: bilinear.
  private static func cropped(_ image: Bitmap, to share: Double) -> Bitmap {
    var result = image
    let (w, h, c) = (image.width, image.height, image.channels)
    func at(_ y: Int, _ x: Int, _ k: Int) -> Double {
      Double(image.pixels[(min(max(y, 0), h - 1) * w + min(max(x, 0), w - 1)) * c + k])
    }
    for y in 0..<h {
      for x in 0..<w {
        let sy = (Double(y) + 0.5 - Double(h) / 2) * share + Double(h) / 2 - 0.5
        let sx = (Double(x) + 0.5 - Double(w) / 2) * share + Double(w) / 2 - 0.5
        let (y0, x0) = (Int(sy.rounded(.down)), Int(sx.rounded(.down)))
        let (fy, fx) = (sy - Double(y0), sx - Double(x0))
        for k in 0..<c {
          let top = (1 - fx) * at(y0, x0, k) + fx * at(y0, x0 + 1, k)
          let bottom = (1 - fx) * at(y0 + 1, x0, k) + fx * at(y0 + 1, x0 + 1, k)
          result.pixels[(y * w + x) * c + k] = UInt8(((1 - fy) * top + fy * bottom).rounded())
        }
      }
    }
    return result
  }
}
