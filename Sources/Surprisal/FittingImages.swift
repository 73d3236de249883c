import Detection
import Images

/// Few images that statistics are fitted to, and some of them that are references: none judged by what an image of its group fitted.
struct FittingImages {
  let images: ImageBatch
  /// For each the number of its group: those that show the same.
  let groups: [Int]
  /// Places of those that are references, of each group one at most.
  let references: [Int]

  init(_ images: ImageBatch, groups: [Int], references: [Int]) {
    self.images = images
    self.groups = groups
    self.references = references
  }

  /// Those that fit (`CopyGroups.fitting`), and the first of each group as references.
  init(_ images: ImageBatch, _ copies: CopyGroups) {
    let (places, fitting) = copies.fitting()
    self.init(images[places], groups: fitting.first, references: fitting.representatives)
  }

  /// Places of those that are of no reference's group.
  var others: [Int] {
    let known = Set(references.map { groups[$0] })
    return images.indices.filter { !known.contains(groups[$0]) }
  }
}
