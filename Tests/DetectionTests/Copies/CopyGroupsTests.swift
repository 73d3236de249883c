import Foundation
import Images
import Tensors
import Testing

@testable import Detection

struct CopyGroupsTests {
  /// A picture of its own: waves of random direction, frequency and strength.
  static func waves(_ random: inout RandomSource, channels: Int = 3) -> Bitmap {
    let waves = (0..<channels).map { _ in
      (0..<10).map { _ in (0..<3).map { _ in 2 * random.uniform() - 1 } + [2 * .pi * random.uniform()] }
    }
    let side = 32
    var image = Bitmap(width: side, height: side, channels: channels, filledWith: 0)
    for index in image.pixels.indices {
      let (x, y) = (Double(index / channels % side) / 32, Double(index / channels / side) / 32)
      let sum = waves[index % channels].reduce(0) { sum, wave in
        sum + wave[2] * sin(20 * (wave[0] * x + wave[1] * y) + wave[3])
      }
      image.pixels[index] = UInt8(min(max(128 + 30 * sum, 0), 255))
    }
    return image
  }

  static func noisy(_ image: Bitmap, _ random: inout RandomSource) -> Bitmap {
    var image = image
    for (index, noise) in random.normal(image.pixels.count).enumerated() {
      image.pixels[index] = UInt8(min(max(Float(image.pixels[index]) + 4 * noise, 0), 255))
    }
    return image
  }

  static func brighter(_ image: Bitmap) -> Bitmap {
    var image = image
    for index in image.pixels.indices {
      image.pixels[index] = UInt8(min(Int(image.pixels[index]) * 6 / 5, 255))
    }
    return image
  }

  @Test("Exact copies share a group, whatever lies between them", arguments: [1, 3])
  func exact(channels: Int) {
    var random = RandomSource(seed: 1)
    let originals = (0..<25).map { _ in Self.waves(&random, channels: channels) }
    let images = ImageBatch(shape: originals[0].shape, images: (0..<100).map { originals[$0 % 25] })
    let groups = CopyGroups(of: images)
    #expect(groups.exact == 75 && groups.near == 0)
    #expect(groups.first == (0..<100).map { $0 % 25 })
    #expect(groups.representatives == Array(0..<25))
  }

  @Test("Copies that were recompressed, resized or made brighter are found, and few else")
  func near() {
    var random = RandomSource(seed: 2)
    var images = (0..<300).map { _ in Self.waves(&random) }
    #expect(CopyGroups(of: ImageBatch(shape: images[0].shape, images: images)).near <= 3)
    for index in 0..<20 {
      images.append(Self.noisy(images[index], &random))
      images.append(Self.brighter(images[index]))
      images.append(
        images[index].resampled(width: 24, height: 24).resampled(width: 32, height: 32))
    }
    let groups = CopyGroups(of: ImageBatch(shape: images[0].shape, images: images))
    let found = (0..<60).count { groups.first[300 + $0] == $0 / 3 }
    #expect(found >= 57, "\(found) of 60")
    // One in a hundred distinct images may be grouped by chance.
    #expect(groups.near <= found + 3 && groups.exact == 0, "\(groups.near)")
  }

  @Test("A group is found however large a part of few images it is", arguments: [4, 8, 14, 24])
  func large(group: Int) {
    var random = RandomSource(seed: 3)
    var images = (0..<40).map { _ in Self.waves(&random) }
    for _ in 1..<group { images.append(Self.noisy(images[7], &random)) }
    let groups = CopyGroups(of: ImageBatch(shape: images[0].shape, images: images))
    #expect(groups.near == group - 1 && groups.first[40...].allSatisfy { $0 == 7 }, "\(groups.near)")
    #expect(Array(groups.first[..<40]) == Array(0..<40))
  }

  @Test("Images of a kind are no copies of each other, however few the kinds are", arguments: [5, 10])
  func kinds(each: Int) {
    var random = RandomSource(seed: 4)
    var images: [Bitmap] = []
    for _ in 0..<6 {
      let kind = Self.waves(&random)
      // As much its own as its kind's.
      for _ in 0..<each {
        var image = Self.waves(&random)
        for index in image.pixels.indices {
          image.pixels[index] = UInt8((Int(image.pixels[index]) + Int(kind.pixels[index])) / 2)
        }
        images.append(image)
      }
    }
    let groups = CopyGroups(of: ImageBatch(shape: images[0].shape, images: images))
    #expect(groups.near <= 1, "\(groups.near)")
  }

  @Test("Blank images of different tone are no copies, and no number of images is too small")
  func blank() {
    let blanks = (0..<10).map { Bitmap(width: 16, height: 16, channels: 1, filledWith: UInt8(25 * $0)) }
    #expect(CopyGroups(of: ImageBatch(shape: blanks[0].shape, images: blanks)).representatives.count == 10)
    for count in 0..<3 {
      let groups = CopyGroups(of: ImageBatch(shape: blanks[0].shape, images: blanks.prefix(count)))
      #expect(groups.first == Array(0..<count))
    }
    let same = CopyGroups(of: ImageBatch(shape: blanks[0].shape, images: [blanks[3], blanks[3]]))
    #expect(same.exact == 1 && same.first == [0, 0])
  }

  @Test("Of images that show the same a few fit, none twice, and the first of each always")
  func fitting() {
    var random = RandomSource(seed: 7)
    let originals = (0..<200).map { _ in Self.waves(&random) }
    // The first has nine near copies and one that is the same, the second an exact copy alone.
    let images =
      originals + (0..<9).map { _ in Self.noisy(originals[0], &random) } + [originals[0], originals[1]]
    let copies = CopyGroups(of: ImageBatch(shape: originals[0].shape, images: images))
    #expect(copies.exact == 2 && copies.near >= 9)
    let (places, groups) = copies.fitting()
    #expect(Set(copies.representatives).isSubset(of: places) && places == places.sorted())
    #expect(Set(places.map { images[$0].pixels }).count == places.count)
    #expect(places.count { copies.first[$0] == 0 } == CopyGroups.mostFitting)
    #expect(!places.contains(images.count - 1) && !places.contains(images.count - 2))
    // Their groups are the same.
    #expect(places.indices.allSatisfy { places[groups.first[$0]] == copies.first[places[$0]] })
  }
}
