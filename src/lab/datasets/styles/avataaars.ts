/**
 * The style `avataaars`, designed by Pablo Stanley, free for personal and commercial use (our code: MIT): attributes and
 * their values, with DiceBear's options and the wording of each.
 */
import { type AttributeValues, type AvatarStyle, partOption, value } from '../avatar-style.ts';
import { BACKGROUND_COLORS, CLOTH_COLORS, HAIR_COLORS } from './colors.ts';

const KINDS = {
  hat: ['a % hat', 'a % cap'],
  long: ['long % hair', '% long hair'],
  short: ['short % hair', '% short hair'],
  bob: ['a % bob', 'a % bob haircut'],
  afro: ['a % afro', 'a big % afro'],
  jacket: ['a % blazer', 'a % jacket'],
  shirt: ['a % shirt', 'a % t-shirt', 'a % top'],
  sunglasses: ['% sunglasses', '% shades', '% dark glasses'],
  glasses: ['% glasses', '% eyeglasses', '% spectacles'],
  beard: ['a % beard'],
  moustache: ['a % moustache', 'a % mustache'],
};

/** Hats first, then hair; a picture shows either a hat colour or a hair colour. */
const HATS: AttributeValues = {
  'wide-hat': value('hat', ['a % wide-brimmed hat', 'a % sun hat', 'a % brimmed hat'], { kind: 'hat' }),
  hijab: value('hijab', ['a % hijab', 'a % headscarf']),
  turban: value('turban', ['a % turban', 'a % head wrap']),
  'trapper-hat': value('winterHat1', ['a % trapper hat', 'a % hat with ear flaps', 'a % ushanka'], { kind: 'hat' }),
  'patterned-cap': value('winterHat02', ['a % patterned hat', 'a % zigzag hat', 'a % hat with strings'], {
    kind: 'hat',
  }),
  'bobble-hat': value('winterHat03', ['a % bobble hat', 'a % beanie', 'a % pom-pom hat'], { kind: 'hat' }),
  'cat-hat': value('winterHat04', ['a % cat-ear hat', 'a % hat with cat ears', 'a % cat hat'], { kind: 'hat' }),
};

const HAIRCUTS: AttributeValues = {
  bob: value('bob', ['a side-parted % bob', 'a % bob with a side part', 'a swept % bob'], { kind: 'bob' }),
  bun: value('bun', ['a % bun', '% hair in a bun', '% hair tied in a bun']),
  'long-curly': value('curly', ['big % curls', 'long % curls', 'long % curly hair'], { kind: 'long' }),
  'long-wavy': value('curvy', ['long % wavy hair', 'long % waves', 'wavy % locks'], { kind: 'long' }),
  'long-dreads': value('dreads', ['long % dreadlocks', 'long % dreads'], { kind: 'long' }),
  flowers: value('frida', ['a flower crown on % hair', 'flowers in % hair', 'a crown of flowers on % hair']),
  afro: value('fro', ['a plain % afro', 'a round % afro', 'a % afro without a headband'], { kind: 'afro' }),
  'afro-band': value('froBand', ['a % afro with a headband', 'a headband on % hair', 'a % afro and a hair band'], {
    kind: 'afro',
  }),
  'shoulder-length': value('longButNotTooLong', ['shoulder-length % hair', 'medium-length % hair']),
  'blunt-bob': value('miaWallace', ['a blunt % bob', 'a % bob with straight bangs', 'a straight % fringe'], {
    kind: 'bob',
  }),
  'shaved-sides': value('shavedSides', ['% hair with shaved sides', 'a long % undercut', 'shaved sides and % hair']),
  'one-side-long': value('straight02', ['long straight % hair', 'straight long % hair'], { kind: 'long' }),
  'swept-long': value('straight01', ['long swept % hair', 'long % hair swept aside', 'side-swept long % hair'], {
    kind: 'long',
  }),
  'long-fringe': value(
    'straightAndStrand',
    ['long % hair with bangs', 'long % hair with a fringe', 'long % curtain hair'],
    { kind: 'long' },
  ),
  'short-dreads': value('dreads01', ['short % dreadlocks', 'short % dreads'], { kind: 'short' }),
  'wild-hair': value('dreads02', ['wild % hair', 'wild spiky % hair', 'electric % hair']),
  quiff: value('frizzle', ['a % quiff', 'a tuft of % hair'], { kind: 'short' }),
  shaggy: value('shaggy', ['shaggy % hair', 'tousled % hair'], { kind: 'short' }),
  mullet: value('shaggyMullet', ['a % mullet', 'a shaggy % mullet']),
  'short-curly': value('shortCurly', ['short curly % hair', 'short % curls'], { kind: 'short' }),
  'short-spiky': value('shortFlat', ['short spiky % hair', 'a % flat top', 'spiky % hair'], { kind: 'short' }),
  'short-round': value('shortRound', ['short round % hair', 'short neat % hair', 'a round % haircut'], {
    kind: 'short',
  }),
  'short-wavy': value('shortWaved', ['short wavy % hair', 'short % waves', 'a % pompadour'], { kind: 'short' }),
  balding: value('sides', [
    'a bald head with % hair at the sides',
    'a balding head with % hair',
    'a bald top and % hair',
  ]),
  caesar: value(['theCaesar', 'theCaesarAndSidePart'], ['a % caesar cut', 'cropped % hair', 'a % buzz cut'], {
    kind: 'short',
    weight: 1.5,
  }),
  'big-hair': value('bigHair', ['big % hair', 'voluminous % hair', 'huge % hair'], { kind: 'long' }),
};

const FRAME_COLORS: AttributeValues = {
  black: value('262e33', ['black']),
  white: value('ffffff', ['white']),
  red: value('ff5c5c', ['red']),
  blue: value('5199e4', ['blue']),
  green: value('5cc46e', ['green']),
  purple: value('9a6fe0', ['purple', 'violet']),
};

const ATTRIBUTES = {
  top: { ...HATS, ...HAIRCUTS },
  hairColor: HAIR_COLORS,
  hatColor: CLOTH_COLORS,
  skin: {
    dark: value('614335', ['dark', 'very dark', 'black']),
    brown: value('ae5d29', ['brown', 'deep brown']),
    tan: value('d08b5b', ['tan', 'light brown', 'olive']),
    light: value('edb98a', ['light', 'beige']),
    pale: value('ffdbb4', ['pale', 'fair', 'very light']),
    orange: value('fd9841', ['orange', 'tanned']),
    yellow: value('f8d25c', ['yellow']),
  },
  clothes: {
    blazer: value('blazerAndShirt', ['a % blazer over a shirt', 'a % jacket and a shirt'], { kind: 'jacket' }),
    'blazer-sweater': value('blazerAndSweater', ['a % blazer over a sweater', 'a % jacket and a sweater'], {
      kind: 'jacket',
    }),
    sweater: value('collarAndSweater', ['a % sweater', 'a % sweater with a collar', 'a % jumper']),
    'graphic-shirt': value('graphicShirt', ['a % graphic shirt', 'a % printed shirt', 'a % shirt with a print'], {
      kind: 'shirt',
      weight: 2,
    }),
    hoodie: value('hoodie', ['a % hoodie', 'a % hooded sweatshirt']),
    overalls: value('overall', ['% overalls', '% dungarees']),
    'crew-neck': value('shirtCrewNeck', ['a % crew-neck shirt', 'a plain % shirt', 'a % crew-neck top'], {
      kind: 'shirt',
    }),
    'scoop-neck': value('shirtScoopNeck', ['a % scoop-neck shirt', 'a % scoop-neck top'], { kind: 'shirt' }),
    'v-neck': value('shirtVNeck', ['a % v-neck shirt', 'a % v-neck top', 'a % v-neck'], { kind: 'shirt' }),
  },
  clothesColor: CLOTH_COLORS,
  graphic: {
    bat: value('bat', ['a bat']),
    bear: value('bear', ['a bear']),
    cumbia: value('cumbia', ['the word cumbia', 'cumbia']),
    deer: value('deer', ['a deer']),
    diamond: value('diamond', ['a diamond']),
    hola: value('hola', ['a speech bubble', 'a hola bubble', 'the word hola']),
    pizza: value('pizza', ['a pizza slice', 'pizza']),
    resist: value('resist', ['the word resist', 'resist']),
    skull: value('skull', ['a solid skull', 'a white skull']),
    'skull-outline': value('skullOutline', ['a skull outline', 'an outlined skull']),
  },
  mouth: {
    worried: value('concerned', ['worried', 'concerned'], { nouns: ['a worried mouth'] }),
    open: value('default', ['open-mouthed', 'talking', 'chatting'], { nouns: ['an open mouth'] }),
    gasping: value('disbelief', ['gasping', 'disbelieving', 'shocked'], { nouns: ['a gasping mouth'] }),
    eating: value('eating', ['eating', 'chewing'], { nouns: ['full cheeks', 'a full mouth'] }),
    grimacing: value('grimace', ['grimacing', 'teeth-baring', 'gritting'], {
      nouns: ['bared teeth', 'clenched teeth', 'gritted teeth'],
    }),
    sad: value('sad', ['sad', 'unhappy', 'frowning'], { nouns: ['a sad mouth', 'a frown'] }),
    screaming: value('screamOpen', ['screaming', 'shouting', 'yelling'], { nouns: ['a screaming mouth'] }),
    serious: value('serious', ['serious', 'stern', 'straight-faced'], { nouns: ['a straight mouth', 'a flat mouth'] }),
    smiling: value('smile', ['smiling', 'happy', 'grinning'], { nouns: ['a smile', 'a big smile', 'a happy smile'] }),
    tongue: value('tongue', ['cheeky', 'tongue-showing', 'playful'], { nouns: ['tongue out', 'the tongue out'] }),
    smirking: value('twinkle', ['gently smiling', 'smirking', 'content'], {
      nouns: ['a gentle smile', 'a smirk', 'a slight smile'],
    }),
    vomiting: value('vomit', ['vomiting', 'sick', 'throwing-up'], { nouns: ['green vomit', 'vomit'] }),
  },
  eyes: {
    closed: value('closed', ['closed eyes', 'shut eyes', 'sleeping eyes']),
    crying: value('cry', ['crying eyes', 'a tear', 'teary eyes']),
    plain: value('default', ['plain eyes', 'ordinary eyes', 'dot eyes']),
    rolling: value('eyeRoll', ['rolling eyes', 'eyes rolled up']),
    happy: value('happy', ['happy eyes', 'laughing eyes', 'joyful eyes']),
    hearts: value('hearts', ['heart eyes', 'heart-shaped eyes', 'hearts for eyes']),
    side: value('side', ['sideways eyes', 'eyes looking aside', 'a sidelong glance']),
    squinting: value('squint', ['squinting eyes', 'narrowed eyes']),
    surprised: value('surprised', ['surprised eyes', 'wide-open eyes', 'staring eyes']),
    wacky: value('winkWacky', ['a wacky wink', 'a crazy wink', 'one wide eye']),
    winking: value('wink', ['a wink', 'a winking eye', 'one eye winking']),
    crossed: value('xDizzy', ['dizzy eyes', 'crossed-out eyes', 'x eyes']),
  },
  eyebrows: {
    angry: value(['angry', 'angryNatural'], ['angry eyebrows', 'furious eyebrows']),
    plain: value(['default', 'defaultNatural'], ['plain eyebrows', 'ordinary eyebrows']),
    flat: value('flatNatural', ['flat eyebrows', 'straight eyebrows']),
    frowning: value('frownNatural', ['frowning eyebrows', 'scowling eyebrows']),
    raised: value(['raisedExcited', 'raisedExcitedNatural'], ['raised eyebrows', 'lifted eyebrows']),
    sad: value(['sadConcerned', 'sadConcernedNatural'], ['sad eyebrows', 'worried eyebrows']),
    unibrow: value('unibrowNatural', ['a unibrow', 'joined eyebrows'], { weight: 0.5 }),
    uneven: value(['upDown', 'upDownNatural'], ['uneven eyebrows', 'one raised eyebrow', 'skeptical eyebrows']),
  },
  accessories: {
    none: value('none', ['without glasses', 'with no glasses', 'with nothing over the eyes'], { weight: 6 }),
    'flat-sunglasses': value('kurt', ['retro % sunglasses', 'cat-eye % sunglasses', 'kurt % sunglasses'], {
      kind: 'sunglasses',
    }),
    'thick-glasses': value('prescription01', ['thick % glasses', 'prescription % glasses'], { kind: 'glasses' }),
    'square-glasses': value('prescription02', ['square % glasses', 'reading % glasses'], { kind: 'glasses' }),
    'round-glasses': value('round', ['round % glasses', 'circular % glasses'], { kind: 'glasses' }),
    sunglasses: value('sunglasses', ['rounded % sunglasses', 'classic % sunglasses'], { kind: 'sunglasses' }),
    wayfarers: value('wayfarers', ['% wayfarers', '% wayfarer sunglasses'], { kind: 'sunglasses' }),
    eyepatch: value('eyepatch', ['an eyepatch', 'an eye patch', 'a pirate patch']),
  },
  accessoriesColor: FRAME_COLORS,
  facialHair: {
    none: value('none', ['without a beard', 'with no beard', 'with no facial hair'], { weight: 7 }),
    'light-beard': value('beardLight', ['a light % beard', 'a thin % beard', 'a trimmed % beard'], { kind: 'beard' }),
    'long-beard': value('beardMajestic', ['a long % beard', 'a majestic % beard', 'a huge % beard'], { kind: 'beard' }),
    beard: value('beardMedium', ['a full % beard', 'a medium % beard'], { kind: 'beard' }),
    'fancy-moustache': value(
      'moustacheFancy',
      ['a fancy % moustache', 'a curled % moustache', 'a handlebar % moustache'],
      { kind: 'moustache' },
    ),
    moustache: value('moustacheMagnum', ['a thick % moustache', 'a bushy % moustache'], { kind: 'moustache' }),
  },
  facialHairColor: HAIR_COLORS,
  background: BACKGROUND_COLORS,
} as const satisfies Record<string, AttributeValues>;

export type AvataaarsAttribute = keyof typeof ATTRIBUTES;

/** Values of `top` that are hats: they show a hat colour and no hair colour. */
export const HAT_NAMES: ReadonlySet<string> = new Set(Object.keys(HATS));

/** Haircuts that make captions say "woman", unless there is a beard; used for nothing else. */
export const LONG_HAIR_NAMES: ReadonlySet<string> = new Set([
  'hijab',
  'bob',
  'bun',
  'long-curly',
  'long-wavy',
  'flowers',
  'afro-band',
  'shoulder-length',
  'blunt-bob',
  'one-side-long',
  'swept-long',
  'long-fringe',
  'big-hair',
]);

const SUNGLASSES: ReadonlySet<string> = new Set(['flat-sunglasses', 'sunglasses', 'wayfarers']);

/** Beards are rare under long hair: the odds of "none" against each other value are multiplied by this. */
const BEARDLESS_FACTOR = 6;

const topColor = (top: string) => (HAT_NAMES.has(top) ? 'hatColor' : 'hairColor');

export const AVATAAARS: AvatarStyle<AvataaarsAttribute> = {
  name: 'avataaars',
  dataset: 'avatars',
  licence: 'Design (avataaars): free for personal and commercial use; DiceBear, which draws it: MIT',
  attribution: 'avataaars by Pablo Stanley (https://avataaars.com), drawn by DiceBear',
  load: () => import('@dicebear/avataaars'),
  attributes: ATTRIBUTES,
  kinds: KINDS,
  adjectives: { balding: 'bald', beard: 'bearded', moustache: 'moustached' },
  weightFactor: (attribute, name, { top = '' }) =>
    attribute === 'facialHair' && name === 'none' && LONG_HAIR_NAMES.has(top) ? BEARDLESS_FACTOR : 1,
  /**
   * A hat hides the hair colour, a hijab the clothes' cut, dark glasses the eyes and brows, a white shirt its white
   * print (each measured).
   */
  *hidden(labels) {
    yield HAT_NAMES.has(labels.top) ? 'hairColor' : 'hatColor';
    if (labels.top === 'hijab') yield* ['clothes', 'graphic'] as const;
    if (labels.clothes !== 'graphic-shirt' || labels.clothesColor === 'white') yield 'graphic';
    if (SUNGLASSES.has(labels.accessories)) yield* ['eyes', 'eyebrows'] as const;
    if (labels.accessories === 'eyepatch') yield* ['eyes', 'accessoriesColor'] as const;
    if (labels.accessories === 'none') yield 'accessoriesColor';
    if (labels.facialHair === 'none') yield 'facialHairColor';
  },
  options: (draws) => ({
    backgroundColor: [draws.background],
    ...partOption('top', draws.top),
    hairColor: [draws.hairColor],
    hatColor: [draws.hatColor],
    skinColor: [draws.skin],
    clothing: [draws.clothes],
    clothesColor: [draws.clothesColor],
    clothingGraphic: [draws.graphic],
    mouth: [draws.mouth],
    eyes: [draws.eyes],
    eyebrows: [draws.eyebrows],
    ...partOption('accessories', draws.accessories),
    accessoriesColor: [draws.accessoriesColor],
    ...partOption('facialHair', draws.facialHair),
    facialHairColor: [draws.facialHairColor],
  }),
  /** Words used in captions: "man" with a beard or short hair, "woman" with long hair and no beard, otherwise "person". */
  person({ top = '', facialHair }) {
    if (facialHair !== 'none') return 'man';
    if (LONG_HAIR_NAMES.has(top)) return 'woman';
    return HAIRCUTS[top]?.kind === 'short' ? 'man' : 'person';
  },
  prompts: {
    top: (top) => (HAT_NAMES.has(top) ? 'a person wearing *' : 'a person with *'),
    hairColor: 'a person with * hair',
    hatColor: 'a person wearing * headwear',
    skin: 'a person with * skin',
    clothes: 'a person wearing *',
    clothesColor: 'a person wearing * clothes',
    graphic: 'a shirt with * on it',
    mouth: 'a * person',
    eyes: 'a person with *',
    eyebrows: 'a person with *',
    accessories: 'a person wearing *',
    accessoriesColor: 'a person wearing * glasses',
    facialHair: 'a person with *',
    facialHairColor: 'a person with a * beard',
    background: 'a * background',
  },
  captions: [
    { form: 'expression', attribute: 'mouth', odds: 0.6 },
    { form: 'skin', attribute: 'skin', odds: 0.25 },
    { form: 'hair', attribute: 'top', odds: 0.85, hairColor: 'hairColor', hats: HAT_NAMES, colorOf: topColor },
    { form: 'background', attribute: 'background', odds: 0.25 },
    { form: 'trait', attribute: 'eyes', odds: 0.3 },
    { form: 'trait', attribute: 'eyebrows', odds: 0.2 },
    {
      form: 'part',
      attribute: 'accessories',
      place: 'wearing',
      odds: 0.7,
      oddsWithout: 0.15,
      colorOf: () => 'accessoriesColor',
    },
    {
      form: 'part',
      attribute: 'facialHair',
      place: 'with',
      odds: 0.7,
      oddsWithout: 0.15,
      colorOf: () => 'facialHairColor',
    },
    { form: 'clothes', attribute: 'clothesColor', odds: 0.65, garment: 'clothes', print: 'graphic' },
  ],
};
